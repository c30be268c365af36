import type { MemoryBus } from '#adapters';
import type { Bus, BusSubscription, Clock } from '#ports';
import type { Instant } from '#std';

type Work = () => void;

/**
 * Everything from outside reaches a process through its gate: timers, messages, answers. A process that stands still (it is
 * stopped, its machine is frozen) gets all of it, in order, when it goes on; one that is dead gets nothing any more.
 */
export class Gate {
  private held: Work[] | undefined;
  private isOver = false;

  enter(work: Work): void {
    if (this.isOver) return;
    if (this.held) this.held.push(work);
    else work();
  }
  /** The same, as a promise. */
  pass<T>(from: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      from.then(
        (value) => this.enter(() => resolve(value)),
        (cause: unknown) => this.enter(() => reject(cause as Error)),
      );
    });
  }

  get isStill(): boolean {
    return this.held !== undefined;
  }
  stand(): void {
    this.held ??= [];
  }
  goOn(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const work of held) this.enter(work);
  }
  /** The process is dead. */
  shut(): void {
    this.isOver = true;
    this.held = undefined;
  }
}

/** The clock as a process has it: it always shows the time, but rings only when the process runs. */
export class GatedClock implements Clock {
  private readonly pending = new Set<Work>();

  constructor(
    private readonly clock: Clock,
    private readonly gate: Gate,
  ) {}

  now(): Instant {
    return this.clock.now();
  }
  monotonic(): number {
    return this.clock.monotonic();
  }
  after(ms: number, callback: Work): Work {
    return this.gated(callback, (ring) => this.clock.after(ms, ring));
  }
  at(instant: Instant, callback: Work): Work {
    return this.gated(callback, (ring) => this.clock.at(instant, ring));
  }

  /** The process is dead: nothing of it is left in the world's clock. */
  close(): void {
    for (const cancel of this.pending) cancel();
    this.pending.clear();
  }

  private gated(callback: Work, set: (ring: Work) => Work): Work {
    let isCancelled = false;
    const cancel = set(() => {
      this.pending.delete(cancel);
      this.gate.enter(() => !isCancelled && callback());
    });
    this.pending.add(cancel);
    return () => {
      isCancelled = true;
      this.pending.delete(cancel);
      cancel();
    };
  }
}

/** A connection to the bus as a process has it. */
export class GatedBus implements Bus {
  constructor(
    private readonly bus: MemoryBus,
    private readonly gate: Gate,
  ) {}

  publish(subject: string, data: Uint8Array): void {
    this.bus.publish(subject, data);
  }
  flush(): Promise<void> {
    return this.gate.pass(this.bus.flush());
  }
  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return this.gate.pass(this.bus.request(subject, data, timeoutMs));
  }
  subscribe(subject: string, handler: Parameters<Bus['subscribe']>[1], queue?: string): BusSubscription {
    const gated = (data: Uint8Array, on: string): Promise<Uint8Array | undefined> =>
      new Promise((resolve, reject) => {
        const handle = async (): Promise<void> => resolve((await handler(data, on)) ?? undefined);
        this.gate.enter(() => void handle().catch(reject));
      });
    return this.bus.subscribe(subject, gated, queue);
  }
  onConnection(listener: (connected: boolean) => void): void {
    this.bus.onConnection((connected) => this.gate.enter(() => listener(connected)));
  }
  close(): Promise<void> {
    return this.bus.close();
  }
}
