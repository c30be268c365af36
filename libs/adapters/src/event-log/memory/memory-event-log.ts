import type { NewEvent, StoredEvent } from '#model';
import { AppendVoid, EventTooLarge, LogFull, LogUnavailable, WrongExpectedRevision } from '#ports';
import type { Appended, EventLog, LogSubscription, OnProgress, RecordedEvent } from '#ports';
import { chainWith, link } from '../chain.js';
import { digestOfKept, KeptEvent } from './kept-event.js';
import { MemoryLogStore } from './memory-log-store.js';

/**
 * What a fault hook decides about one append: `go-on`; `fail` as an unreachable log does; `never` be heard of again; `full`:
 * there is no room for it; `late`: it fails as with `fail`, and is carried out afterwards all the same.
 */
export type AppendFate = 'go-on' | 'fail' | 'never' | 'full' | 'late';
export interface AttemptedAppend {
  readonly stream: string;
  readonly event: NewEvent;
  readonly expectedRevision: number;
}
export interface MemoryLogFaults {
  /** Before the append is durable: when it does not go on, nothing is stored. */
  beforeAppend?(append: AttemptedAppend): AppendFate;
  /** The append is durable and subscribers hear of it; when it does not go on, its writer never learns that. */
  afterAppendBeforeAck?(append: AttemptedAppend, appended: Appended): AppendFate;
  /** Runs what a `late` append does, some time after the append was given up on. */
  later?(work: () => void): void;
  /** Before anything is read. `fail`: the log cannot be reached. */
  read?(): 'go-on' | 'fail';
}
export interface MemoryEventLogOptions {
  /** What outlives the process that this log belongs to; a fresh one when absent. */
  readonly store?: MemoryLogStore;
  readonly faults?: MemoryLogFaults;
  /** Runs work soon, but not in the caller's own tick. The simulation puts its own scheduler here. */
  readonly schedule?: (work: () => void) => void;
  /** Runs what happens in the store, which goes on when this process stands still. Default: `schedule`. */
  readonly inStore?: (work: () => void) => void;
  /** Runs what brings events to subscribers: how far they lag behind. Default: `schedule`. */
  readonly deliver?: (work: () => void) => void;
  readonly eventBytesMax?: number;
  readonly positionsPerEvent?: number;
  readonly shared?: boolean;
}
const FULL = 'the event log is full';
/** So few that tests with short logs see more than one. */
const BATCH_EVENTS = 16;

interface Waiting extends AttemptedAppend {
  resolve(appended: Appended): void;
  reject(cause: unknown): void;
}

/**
 * A log in memory, for the simulation and for unit tests: no timer, no chance, no thread. An append becomes durable in
 * one scheduled step and is acknowledged in the next, so that a writer can be made to die between the two.
 */
export class MemoryEventLog implements EventLog {
  readonly eventBytesMax: number;
  readonly positionsPerEvent: number;
  readonly shared: boolean;
  readonly inOrder: boolean;
  readonly store: MemoryLogStore;
  readonly #faults: MemoryLogFaults;
  readonly #schedule: (work: () => void) => void;
  readonly #inStore: (work: () => void) => void;
  readonly #deliver: (work: () => void) => void;
  readonly #subscriptions = new Set<MemorySubscription>();
  #queue: Waiting[] = [];
  #alive = true;
  /** The last append found no room. */
  #isFull = false;

  constructor(options: MemoryEventLogOptions = {}) {
    this.store = options.store ?? new MemoryLogStore();
    this.#faults = options.faults ?? {};
    this.#schedule = options.schedule ?? queueMicrotask;
    this.#inStore = options.inStore ?? this.#schedule;
    this.#deliver = options.deliver ?? this.#schedule;
    this.positionsPerEvent = options.positionsPerEvent ?? 1;
    this.eventBytesMax = options.eventBytesMax ?? 16 * 1024 * 1024;
    this.shared = options.shared ?? false;
    this.inOrder = !this.shared;
  }

  append(stream: string, event: NewEvent, expectedRevision: number): Promise<Appended> {
    if (!this.#alive) return Promise.reject(new LogUnavailable('the event log is closed'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ stream, event, expectedRevision, resolve, reject });
      this.#inStore(() => this.#commitNext());
    });
  }

  async *readStream(stream: string, fromRevision: number): AsyncIterable<StoredEvent> {
    this.#reads();
    yield* this.store.stream(stream).slice(Math.max(0, fromRevision));
  }

  async *readAll(afterPosition: number): AsyncIterable<readonly RecordedEvent[]> {
    this.#reads();
    const events = this.store.after(afterPosition);
    for (let from = 0; from < events.length; from += BATCH_EVENTS)
      yield events.slice(from, from + BATCH_EVENTS).map((event) => new KeptEvent(event));
  }

  subscribe(
    afterPosition: number,
    onEvents: (events: readonly StoredEvent[]) => void,
    onEnd?: (cause: unknown) => void,
    onProgress?: OnProgress,
  ): LogSubscription {
    const following = { afterPosition, onEvents, onEnd, onProgress };
    const subscription = new MemorySubscription(this.store, this.#deliver, following, () =>
      this.#subscriptions.delete(subscription),
    );
    this.#subscriptions.add(subscription);
    subscription.wake();
    return subscription;
  }

  async head(): Promise<number> {
    this.#reads();
    return this.store.head;
  }
  async problem(): Promise<string | undefined> {
    return this.#isFull ? FULL : undefined;
  }
  async origin(): Promise<number> {
    return this.store.origin;
  }

  chain(before: string, event: StoredEvent | RecordedEvent): string {
    return 'open' in event ? chainWith(before, event) : link(before, digestOfKept(event));
  }

  async close(): Promise<void> {
    this.#alive = false;
    for (const waiting of this.#queue.splice(0)) waiting.reject(new LogUnavailable('the event log is closed'));
    for (const subscription of [...this.#subscriptions]) await subscription.close();
  }

  /** The process dies: what is not durable is gone, and nobody is answered or told any more. The store lives on. */
  kill(): void {
    this.#alive = false;
    this.#queue = [];
    for (const subscription of [...this.#subscriptions]) void subscription.close();
  }

  /** First in, first out, in whatever order the scheduler runs its work. */
  #commitNext(): void {
    const next = this.#queue.shift();
    if (next === undefined) return;
    try {
      this.#commit(next);
    } catch (cause) {
      next.reject(cause);
    }
  }

  #commit(waiting: Waiting): void {
    const { stream, event, expectedRevision } = waiting;
    const bytes = byteLength(JSON.stringify(event));
    if (bytes > this.eventBytesMax) {
      if (this.inOrder) this.#voidLater();
      throw new EventTooLarge(stream, bytes, this.eventBytesMax);
    }
    const before = this.#faults.beforeAppend?.(waiting) ?? 'go-on';
    if (before === 'full') return this.#refuse(waiting);
    if (before === 'late') this.#faults.later?.(() => void this.#land(waiting));
    if (before !== 'go-on') return this.#unheard(before, waiting);
    const actual = this.store.revision(stream);
    this.#isFull = false;
    const appended = actual === expectedRevision ? this.store.add(stream, event) : this.#first(waiting, actual);
    const after = this.#faults.afterAppendBeforeAck?.(waiting, appended) ?? 'go-on';
    if (after !== 'go-on') return unheard(after, waiting);
    this.#schedule(() => {
      if (this.#alive) waiting.resolve(appended);
    });
  }

  /** Whatever was sent before that was known may rest on what was refused. */
  #refuse(waiting: Waiting): void {
    this.#isFull = true;
    waiting.reject(new LogFull(FULL));
    this.#voidLater();
  }
  #unheard(fate: AppendFate, waiting: Waiting): void {
    unheard(fate, waiting);
    if (this.inOrder) this.#voidLater();
  }
  #voidLater(): void {
    for (const later of this.#queue.splice(0)) later.reject(new AppendVoid());
  }
  /** Nobody waits for it any more. */
  #land({ stream, event, expectedRevision }: AttemptedAppend): void {
    if (this.store.revision(stream) === expectedRevision) this.store.add(stream, event);
  }

  #reads(): void {
    if (!this.#alive || this.#faults.read?.() === 'fail') throw new LogUnavailable('the event log cannot be reached');
  }

  /** The result that the same append had before, or the refusal of one that is late. */
  #first({ stream, event, expectedRevision }: Waiting, actual: number): Appended {
    const first = this.store.stream(stream)[expectedRevision + 1];
    if (first === undefined || first.id !== event.id) throw new WrongExpectedRevision(stream, expectedRevision, actual);
    return { position: first.position, revision: first.revision };
  }
}

function unheard(fate: AppendFate, waiting: Waiting): void {
  if (fate !== 'never') waiting.reject(new LogUnavailable('the event log did not answer'));
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

interface Following {
  readonly afterPosition: number;
  readonly onEvents: (events: readonly StoredEvent[]) => void;
  readonly onEnd: ((cause: unknown) => void) | undefined;
  readonly onProgress: OnProgress | undefined;
}
class MemorySubscription implements LogSubscription {
  #position: number;
  #woken = false;
  #closed = false;
  readonly #unlisten: () => void;
  constructor(
    private readonly store: MemoryLogStore,
    private readonly schedule: (work: () => void) => void,
    private readonly following: Following,
    private readonly leave: () => void,
  ) {
    this.#position = following.afterPosition;
    this.#unlisten = store.listen(() => this.wake());
  }

  /** One delivery is under way at most; it takes everything that is there when it runs. */
  wake(): void {
    if (this.#woken || this.#closed) return;
    this.#woken = true;
    this.schedule(() => {
      this.#woken = false;
      if (!this.#closed) this.#deliver();
    });
  }

  #deliver(): void {
    const { head } = this.store;
    if (head <= this.#position) return;
    try {
      const events = this.store.after(this.#position);
      this.#position = head;
      if (events.length > 0) this.following.onEvents(events);
      if ((events.at(-1)?.position ?? 0) < head) this.following.onProgress?.(head);
    } catch (cause) {
      void this.close();
      this.following.onEnd?.(cause);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unlisten();
    this.leave();
  }
}
