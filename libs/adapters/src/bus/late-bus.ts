import { NotConnected, type Bus, type BusSubscription } from '#ports';
import { ConnectionListeners } from './connection-listeners.js';

type Handler = Parameters<Bus['subscribe']>[1];

interface Wish {
  readonly subscribe: (bus: Bus) => BusSubscription;
  made: BusSubscription | undefined;
}

/**
 * A bus that may be used before there is a connection: until then it behaves like one that was lost. What is subscribed to is
 * subscribed to when it is there. So an agent can start while the bus cannot be reached.
 */
export class LateBus implements Bus {
  readonly #listeners = new ConnectionListeners();
  readonly #wishes = new Set<Wish>();
  readonly #stop = new AbortController();
  readonly #connected: Promise<void>;
  #bus: Bus | undefined;

  /** `connect` goes on trying until the signal ends it. */
  constructor(connect: (signal: AbortSignal) => Promise<Bus>) {
    this.#connected = connect(this.#stop.signal).then((bus) => this.#take(bus));
    // Whoever waits for it hears why it failed.
    this.#connected.catch(() => undefined);
  }

  publish(subject: string, data: Uint8Array): void {
    this.#bus?.publish(subject, data);
  }
  flush(): Promise<void> {
    return this.#bus ? this.#bus.flush() : Promise.reject(new NotConnected('the bus was not reached yet'));
  }
  async request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const begun = performance.now();
    const bus = this.#bus ?? (await this.#within(timeoutMs, subject));
    return bus.request(subject, data, timeoutMs - (performance.now() - begun));
  }
  subscribe(subject: string, handler: Handler, queue?: string): BusSubscription {
    const wish: Wish = { subscribe: (bus) => bus.subscribe(subject, handler, queue), made: undefined };
    this.#wishes.add(wish);
    if (this.#bus) wish.made = wish.subscribe(this.#bus);
    return {
      unsubscribe: () => {
        this.#wishes.delete(wish);
        wish.made?.unsubscribe();
      },
    };
  }
  onConnection(listener: (connected: boolean) => void): void {
    this.#listeners.add(listener);
  }
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#bus?.close();
  }

  async #take(bus: Bus): Promise<void> {
    if (this.#stop.signal.aborted) return bus.close();
    this.#bus = bus;
    for (const wish of this.#wishes) wish.made = wish.subscribe(bus);
    bus.onConnection((connected) => this.#listeners.set(connected));
  }
  async #within(timeoutMs: number, subject: string): Promise<Bus> {
    const { promise, reject } = Promise.withResolvers<never>();
    const why = `${subject}: no answer within ${timeoutMs} ms, as there was no connection`;
    const timer = setTimeout(() => reject(new NotConnected(why)), timeoutMs);
    try {
      await Promise.race([this.#connected, promise]);
    } finally {
      clearTimeout(timer);
    }
    if (!this.#bus) throw new NotConnected(why);
    return this.#bus;
  }
}
