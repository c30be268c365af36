import {
  BusUnavailable,
  NobodyListens,
  NotConnected,
  RequestFailed,
  type Bus,
  type BusRules,
  type BusSubscription,
  type Clock,
} from '#ports';
import { Fault } from '#std';
import { ConnectionListeners } from './connection-listeners.js';
import { subjectMatches } from './subject-match.js';

type Handler = Parameters<Bus['subscribe']>[1];

/** A message on its way, as the fates see it. */
export interface BusMessage {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly bytes: number;
}
/**
 * What becomes of a message: one delay in milliseconds for each copy that arrives. `[]` drops it, `[0, 0]` doubles it,
 * `[500]` delays it, and unequal delays of two messages reorder them.
 */
export type Fate = (message: BusMessage) => readonly number[];

interface Subscription {
  readonly order: number;
  readonly client: MemoryBus;
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly handler: (data: Uint8Array, subject: string, reply: string | undefined) => void;
}

/**
 * A bus inside one process. All that happens is decided by the clock and the fates, so a run with a virtual clock and a
 * seeded fate is the same run every time.
 */
export class MemoryBusHub {
  fate: Fate = () => [0];
  /** Called with each message that arrives, before it is handled. */
  onDelivery: (message: BusMessage) => void = () => undefined;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #turns = new Map<string, number>();
  #order = 0;

  constructor(
    readonly clock: Clock,
    /** Of the rules, the size limits: a client of this bus cannot choose its reply subject. */
    readonly rules?: BusRules,
  ) {}

  connect(name: string): MemoryBus {
    return new MemoryBus(this, name);
  }

  /** Takes a subscription; the result ends it. */
  add(subscription: Omit<Subscription, 'order'>): () => void {
    const order = this.#order++;
    this.#subscriptions.set(order, { ...subscription, order });
    return () => void this.#subscriptions.delete(order);
  }

  /** Hands a message to everybody who listens; false when nobody does. */
  send(from: MemoryBus, subject: string, data: Uint8Array, reply?: string): boolean {
    const receivers = this.#receivers(subject);
    for (const receiver of receivers) this.#deliver(from, receiver, { subject, data, reply });
    return receivers.length > 0;
  }

  #deliver(
    from: MemoryBus,
    receiver: Subscription,
    message: { subject: string; data: Uint8Array; reply: string | undefined },
  ): void {
    const { subject, data, reply } = message;
    const shown: BusMessage = { from: from.name, to: receiver.client.name, subject, bytes: data.length };
    const delays = this.fate(shown);
    for (const delayMs of delays) {
      this.clock.after(delayMs, () => {
        // A client that is cut off, or a subscription that ended meanwhile, hears nothing: as on a real network.
        if (!from.connected || !receiver.client.connected || !this.#subscriptions.has(receiver.order)) return;
        this.onDelivery(shown);
        receiver.handler(data, subject, reply);
      });
    }
  }

  /** Everybody without a queue, and of each queue one in turn. */
  #receivers(subject: string): Subscription[] {
    const receivers: Subscription[] = [];
    const queues = new Map<string, Subscription[]>();
    for (const subscription of this.#subscriptions.values()) {
      if (!subscription.client.connected || !subjectMatches(subscription.pattern, subject)) continue;
      if (subscription.queue === undefined) receivers.push(subscription);
      else queues.set(subscription.queue, [...(queues.get(subscription.queue) ?? []), subscription]);
    }
    for (const [queue, members] of queues) {
      const turn = this.#turns.get(queue) ?? 0;
      this.#turns.set(queue, turn + 1);
      const chosen = members[turn % members.length];
      if (chosen !== undefined) receivers.push(chosen);
    }
    return receivers;
  }
}

interface Waiting {
  readonly resolve: (data: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** One client of the hub. `connected = false` cuts it off. */
export class MemoryBus implements Bus {
  readonly #listeners = new ConnectionListeners();
  readonly #ends: (() => void)[] = [];
  readonly #waiting = new Map<string, Waiting>();
  #requests = 0;

  constructor(
    private readonly hub: MemoryBusHub,
    readonly name: string,
  ) {
    this.#ends.push(
      hub.add({
        client: this,
        pattern: `_INBOX.${name}.*`,
        queue: undefined,
        handler: (data, subject) => this.#answered(subject, data),
      }),
    );
    this.#listeners.set(true);
  }

  get connected(): boolean {
    return this.#listeners.connected;
  }

  set connected(connected: boolean) {
    this.#listeners.set(connected);
    if (!connected) this.#failWaiting(new BusUnavailable('the bus was lost while an answer was awaited'));
  }

  publish(subject: string, data: Uint8Array): void {
    if (this.connected) this.hub.send(this, subject, data);
  }

  flush(): Promise<void> {
    if (!this.connected) return Promise.reject(new BusUnavailable('the bus is away'));
    const key = `flush ${this.#requests++}`;
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        this.#waiting.delete(key);
        settle();
      };
      this.#waiting.set(key, { resolve: () => done(resolve), reject: (error) => done(() => reject(error)) });
      this.hub.clock.after(0, () => this.#waiting.get(key)?.resolve(new Uint8Array()));
    });
  }

  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (!this.connected) return Promise.reject(new NotConnected(`${subject}: not connected`));
    const inbox = `_INBOX.${this.name}.${this.#requests++}`;
    return new Promise((resolve, reject) => {
      const cancel = this.hub.clock.after(timeoutMs, () =>
        this.#waiting.get(inbox)?.reject(new BusUnavailable(`${subject}: no answer within ${timeoutMs} ms`)),
      );
      const done = (): void => {
        cancel();
        this.#waiting.delete(inbox);
      };
      this.#waiting.set(inbox, {
        resolve: (answer) => (done(), resolve(answer)),
        reject: (error) => (done(), reject(error)),
      });
      if (!this.hub.send(this, subject, data, inbox)) {
        this.#waiting.get(inbox)?.reject(new NobodyListens(`${subject}: nobody listens`));
      }
    });
  }

  subscribe(subject: string, handler: Handler, queue?: string): BusSubscription {
    const end = this.hub.add({
      client: this,
      pattern: subject,
      queue,
      handler: (data, on, reply) => void this.#handle(handler, data, on, reply),
    });
    this.#ends.push(end);
    return { unsubscribe: end };
  }

  onConnection(listener: (connected: boolean) => void): void {
    this.#listeners.add(listener);
  }

  close(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    this.connected = false;
    return Promise.resolve();
  }

  async #handle(handler: Handler, data: Uint8Array, subject: string, reply: string | undefined): Promise<void> {
    let answer: Uint8Array;
    try {
      const bytesMax = this.hub.rules?.(subject).bytesMax ?? Infinity;
      if (data.length > bytesMax)
        throw new Fault(`${subject} carries at most ${bytesMax} bytes, this message has ${data.length}`, false);
      const result = await handler(data, subject);
      if (result === undefined) return;
      answer = concat(ANSWER, result);
    } catch (error) {
      answer = concat(FAILURE, new TextEncoder().encode(error instanceof Error ? error.message : String(error)));
    }
    if (reply !== undefined && this.connected) this.hub.send(this, reply, answer);
  }

  #answered(inbox: string, data: Uint8Array): void {
    const waiting = this.#waiting.get(inbox);
    // A second copy of an answer, or one that comes after the time-out, has nobody waiting.
    if (waiting === undefined) return;
    const body = data.subarray(1);
    if (data[0] === FAILURE) waiting.reject(new RequestFailed(new TextDecoder().decode(body), true));
    else waiting.resolve(body);
  }

  #failWaiting(error: Error): void {
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }
}

const ANSWER = 0;
const FAILURE = 1;

function concat(first: number, rest: Uint8Array): Uint8Array {
  const joined = new Uint8Array(rest.length + 1);
  joined[0] = first;
  joined.set(rest, 1);
  return joined;
}
