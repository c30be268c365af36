import type { Fact, NewEvent, StoredEvent } from '#model';
import { Fault, type Instant } from '#std';

/**
 * The log: the only truth. Promises that every adapter keeps under one contract suite:
 * - `position` grows strictly over the whole log, with gaps, is never 0 and stays below 2^53;
 * - an append that was acknowledged is durable and is read by every later read;
 * - the same event id at the same expected revision of the same stream gives the first result again;
 * - readers see events of one log in one order, without gaps, without repeats.
 */
export interface EventLog {
  /**
   * Appends one event. `expectedRevision` is the revision of the stream's last event, -1 for a stream without events.
   * Rejects with {@link WrongExpectedRevision}, {@link EventTooLarge}, {@link LogFull}, {@link AppendVoid},
   * {@link LogUnavailable}, {@link LogDamaged}, {@link LogFailed}.
   */
  append(stream: string, event: NewEvent, expectedRevision: number): Promise<Appended>;
  /** Events of a stream from this revision on, in order. */
  readStream(stream: string, fromRevision: number): AsyncIterable<StoredEvent>;
  /**
   * Events whose position is above `afterPosition`, in order, up to the head at the time of the call, in batches as they
   * come off the store.
   */
  readAll(afterPosition: number): AsyncIterable<readonly RecordedEvent[]>;
  /** Every event above `afterPosition`, then each new one as it becomes durable, until closed. Resumes by itself. */
  subscribe(
    afterPosition: number,
    onEvents: (events: readonly StoredEvent[]) => void,
    onEnd?: (cause: unknown) => void,
    /** The log has been read up to here, although the last events were not this cluster's. */
    onProgress?: (position: number) => void,
  ): LogSubscription;
  /** Position of the last durable event of this log, 0 when empty. Linearizable: read from the leader. */
  head(): Promise<number>;
  /**
   * Why an append would fail, in one sentence; undefined when nothing is known to be wrong. After a failure it looks whether
   * the cause is over, so asking again is the way to learn that. Answers within seconds and never rejects.
   */
  problem(): Promise<string | undefined>;
  /** Position before the first event that is still here; 0 unless the beginning was archived. */
  origin(): Promise<number>;
  /** Largest event, in bytes of its JSON text, that an append takes. */
  readonly eventBytesMax: number;
  /** About how far the positions of two events that follow each other lie apart: 1 where positions are counted. */
  readonly positionsPerEvent: number;
  /** True when another process may write too: the writer then reads its events back before it acknowledges. */
  readonly shared: boolean;
  /**
   * True when appends land in the order in which they were sent: when one fails, those sent behind it in the same turn fail too, with
   * {@link AppendVoid}. One that is refused by {@link WrongExpectedRevision} keeps none of the others from the log.
   */
  readonly inOrder: boolean;
  /**
   * The hash chain with an event, given the chain before it, which is '' before the first event. SHA-256 over the chain
   * before and the event's canonical bytes: position, stream, revision and JSON text. Where the store keeps a chain of its own, and has
   * checked it, that one is returned.
   */
  chain(before: string, event: StoredEvent | RecordedEvent): string;
  close(): Promise<void>;
}
/** An event as the store holds it. What it says is not parsed before it is opened: a rebuild opens only what it needs. */
export interface RecordedEvent extends Pick<
  StoredEvent,
  'stream' | 'revision' | 'position' | 'type' | 'time' | 'digest'
> {
  /** When the writer decided it: {@link StoredEvent.time}. */
  readonly instant: Instant;
  /** About how long its text is. */
  readonly bytes: number;
  /** Its JSON text in UTF-8: `id`, `type`, `time`, `data`, `metadata`. The memory is the store's, until {@link done}. */
  readonly raw: Uint8Array;
  /** First of the keys of its data, '' when it has none; an object, a snapshot or a change is told by it. */
  readonly firstKey: string;
  /** False only when this key is nowhere in the event, at no depth. */
  mayHave(key: string): boolean;
  /** The event, the caller's own: nobody else ever holds it. */
  open(): StoredEvent;
  /** The part of it that is folded, the caller's own too. */
  fact(): Fact;
  /**
   * Nobody looks at it again, once the next batch was asked for: its memory, and this very object, may hold another event
   * then. An event for which this is not called is left to the collection of garbage.
   */
  done(): void;
}
export interface Appended {
  readonly position: number;
  readonly revision: number;
}
/**
 * Called when a subscription has passed a position without giving an event for it, because what stands there is not
 * of this log. Who waits for {@link EventLog.head} takes the larger of this and the last event's position.
 */
export type OnProgress = (position: number) => void;
export interface LogSubscription {
  close(): Promise<void>;
}

/** The stream has moved on. */
export class WrongExpectedRevision extends Fault {
  override readonly name = 'WrongExpectedRevision';
  constructor(
    readonly stream: string,
    readonly expected: number,
    readonly actual: number,
  ) {
    super(`stream ${stream} is at revision ${actual}, not ${expected}`, false);
  }
}
export class EventTooLarge extends Fault {
  override readonly name = 'EventTooLarge';
  constructor(
    readonly stream: string,
    readonly bytes: number,
    readonly bytesMax: number,
  ) {
    super(`an event of ${bytes} bytes for ${stream} is larger than the log takes (${bytesMax})`, false);
  }
}
/** There is no room. The append has not happened, and will not until somebody makes room. */
export class LogFull extends Fault {
  override readonly name = 'LogFull';
  constructor(message: string) {
    super(message, false);
  }
}
/**
 * An append before this one failed, for lack of room as a rule, and this one was sent before that was known: what it was decided on
 * may never come true, so it has not happened either.
 */
export class AppendVoid extends Fault {
  override readonly name = 'AppendVoid';
  constructor() {
    super('an append before this one failed', false);
  }
}
/** Nothing could be learned; the append may or may not have happened. Trying the same id again is safe. */
export class LogUnavailable extends Fault {
  override readonly name = 'LogUnavailable';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, true, options);
  }
}
/**
 * The log has failed under this process for good: its disk reported an error, a write failed after its commit, or another
 * process wrote as well. Whether the appends under way were taken is not known. The process says why and ends; the next start
 * finds out what is there.
 */
export class LogFailed extends Fault {
  override readonly name = 'LogFailed';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, false, options);
  }
}
/** What is stored is not what was written: named, refused, never silently read. */
export class LogDamaged extends Fault {
  override readonly name = 'LogDamaged';
  /** Position of the first event that cannot be trusted, where it is known. */
  readonly position: number | undefined;
  constructor(message: string, options?: { cause?: unknown; position?: number }) {
    super(message, false, options);
    this.position = options?.position;
  }
}
