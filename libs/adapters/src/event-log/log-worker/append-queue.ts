import type { NewEvent, StoredEvent } from '#model';
import { AppendVoid } from '#ports';
import type { Appended, EventTooLarge } from '#ports';
import { appendFault } from './faults.js';
import type { AppendAnswer, AppendRequest } from './protocol.js';
import { stored } from './recorded-row.js';

export interface AppendQueueOptions {
  /** Hands appends to the worker. */
  readonly send: (request: AppendRequest) => void;
  /** What is durable now, in order, before those who appended it are answered. */
  readonly onDurable?: (events: readonly StoredEvent[]) => void;
  /** Keeps what was sent, for {@link AppendQueue.takeSent}. */
  readonly keepsSent?: () => boolean;
}
/** So much of what was sent is kept, in units of its text, the newest. */
const SENT_UNITS_MAX = 16 * 1024 * 1024;
interface PendingAppend {
  readonly stream: string;
  readonly event: NewEvent;
  readonly expectedRevision: number;
  readonly body: string;
  resolve(appended: Appended): void;
  reject(cause: unknown): void;
}

/** The main thread's appends: those of one tick travel to the worker in one message, and each gets its own answer. */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  /** Appends of this tick, not yet sent. */
  #queue: PendingAppend[] = [];
  #flushing = false;
  /** An append of this turn was refused. */
  #isVoid = false;
  readonly #sent = new Map<number, PendingAppend>();
  /** Events that were sent and not taken yet, with the lengths of their texts. */
  readonly #kept = new Map<number, { readonly event: NewEvent; readonly units: number }>();
  #keptUnits = 0;
  #seq = 0;
  #fullGroups = 0;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** `body` is the event's JSON text as {@link bodyOf} writes it. */
  append(stream: string, event: NewEvent, expectedRevision: number, body: string): Promise<Appended> {
    if (this.#isVoid) return Promise.reject(new AppendVoid());
    return new Promise((resolve, reject) => {
      this.#queue.push({ stream, event, expectedRevision, body, resolve, reject });
      this.#flushSoon();
    });
  }

  /** Refuses an append, and with it what is appended behind it before that can be known, which may rest on it. */
  refuse(cause: EventTooLarge): Promise<never> {
    this.#isVoid = true;
    queueMicrotask(() => (this.#isVoid = false));
    return Promise.reject(cause);
  }

  /** An idle worker starts at the end of this tick; a busy one gets all that comes until the loop's next turn. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    if (this.#sent.size === 0) process.nextTick(() => this.flush());
    else setImmediate(() => this.flush());
  }

  flush(): void {
    this.#flushing = false;
    const queue = this.#queue;
    if (queue.length === 0) return;
    this.#queue = [];
    const first = this.#seq;
    this.#seq += queue.length;
    queue.forEach((append, index) => this.#sent.set(first + index, append));
    if (this.#options.keepsSent?.() === true) this.#keep(first, queue);
    this.#options.send({
      is: 'append',
      first,
      fullGroups: this.#fullGroups,
      streams: queue.map((append) => append.stream),
      expectedRevisions: queue.map((append) => append.expectedRevision),
      bodies: queue.map((append) => append.body),
    });
  }

  /** The event that was sent with this number, once; undefined where it was not kept. */
  takeSent(number: number): NewEvent | undefined {
    const kept = this.#kept.get(number);
    if (kept === undefined) return undefined;
    this.#kept.delete(number);
    this.#keptUnits -= kept.units;
    return kept.event;
  }

  #keep(first: number, queue: readonly PendingAppend[]): void {
    queue.forEach(({ event, body }, index) => {
      this.#kept.set(first + index, { event, units: body.length });
      this.#keptUnits += body.length;
    });
    for (const oldest of this.#kept.keys()) {
      if (this.#keptUnits <= SENT_UNITS_MAX) return;
      this.takeSent(oldest);
    }
  }

  settle(answer: AppendAnswer): void {
    const failures = new Map(answer.failures);
    if (answer.fullGroups > this.#fullGroups) {
      this.#fullGroups = answer.fullGroups;
      // The worker refuses what was on its way; what still waits here was decided as early.
      for (const { reject } of this.#queue.splice(0)) reject(new AppendVoid());
    }
    const settled = answer.positions.map((position, index) => {
      const number = answer.numbers[index] ?? -1;
      const append = this.#sent.get(number);
      this.#sent.delete(number);
      if (failures.has(index)) this.takeSent(number);
      return {
        append,
        position,
        revision: answer.revisions[index] ?? 0,
        digest: answer.digests?.[index],
        failure: failures.get(index),
      };
    });
    const { onDurable } = this.#options;
    // Subscribers first: a client that is acknowledged finds its own write in every view of this process.
    onDurable?.(
      settled.flatMap(({ append, position, revision, digest }) =>
        append === undefined || position === 0
          ? []
          : [stored(append.event, { stream: append.stream, revision, position, digest })],
      ),
    );
    for (const { append, position, revision, failure } of settled) {
      if (failure === undefined) append?.resolve({ position, revision });
      else append?.reject(appendFault(append, failure));
    }
  }

  /** Nothing more will be answered. */
  end(cause: unknown): void {
    for (const append of [...this.#sent.values(), ...this.#queue]) append.reject(cause);
    this.#sent.clear();
    this.#kept.clear();
    this.#queue = [];
  }
}

/** An event's JSON text: its fields in the order in which {@link RecordedPage} expects them. */
export function bodyOf({ id, type, time, data, metadata }: NewEvent): string {
  return JSON.stringify({ id, type, time, data, metadata });
}
