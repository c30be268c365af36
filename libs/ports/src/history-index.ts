import type { KindId, StoredEvent } from '#model';
import { Fault, type JsonObject } from '#std';
import type { RecordedEvent } from './event-log.js';

/**
 * A multi-version index of the log: every object by name and position. It is derived from the log alone and may be deleted at
 * any time. It holds events as the log does, so sealed values stay sealed. All adapters pass one contract suite:
 * - an answer about a position is the same for ever, once the index has reached it;
 * - what an answer costs depends on what it holds and not on the length of the log;
 * - many questions may be under way at a time.
 *
 * Every method rejects with {@link HistoryIndexFailed} when the index cannot be used.
 */
export interface HistoryIndex {
  /** What the last {@link add} said; undefined for an empty index. */
  mark(): Promise<JsonObject | undefined>;
  /**
   * Adds events that follow on those added before, in order. Their bytes are copied within the call; the promise resolves when
   * questions see them. Rejects with {@link LogDamaged} when an event does not follow on its stream, and adds none then.
   */
  add(events: readonly RecordedEvent[], batch: HistoryBatch): Promise<void>;
  /** Removes everything, damaged content included. */
  clear(): Promise<void>;
  /**
   * Events that make the object of a stream as it was at a position: the first has the whole object, the others change it. None
   * when there was no object. With `below`, the first has a position below it: for a caller that cannot begin with a later one.
   */
  get(wanted: HistoryWanted): Promise<readonly StoredEvent[]>;
  /** The objects of a kind that were there at a position, ordered by `<namespace>/<name>`, in slices of bounded size. */
  scan(scope: HistoryScope): AsyncIterable<HistorySlice>;
  /** Events of a kind above a position up to and with another, in slices of bounded size. */
  changes(kind: KindId, after: number, upTo: number): AsyncIterable<HistoryChanges>;
  /** Position of the last event of a kind at or before a position, 0 when there was none. */
  lastChange(kind: KindId, at: number): Promise<number>;
  close(): Promise<void>;
}

export interface HistoryBatch {
  /** The writer's term: events of an older one are not part of any answer. */
  readonly epoch: number;
  /** Kept with the events, in one step with them. */
  readonly mark: JsonObject;
}
export interface HistoryWanted {
  readonly stream: string;
  readonly at: number;
  readonly below?: number;
}
export interface HistoryScope {
  readonly kind: KindId;
  /** One namespace; undefined: all. */
  readonly namespace?: string;
  readonly at: number;
  /** The first `<namespace>/<name>` that may be given; `_` stands for no namespace. */
  readonly from?: string;
}
export interface HistorySlice {
  /** Of each object the events that make it, as {@link HistoryIndex.get} gives them. */
  readonly objects: readonly (readonly StoredEvent[])[];
  /** How many objects follow after this slice. */
  readonly left: number;
}
export interface HistoryChanges {
  readonly events: readonly StoredEvent[];
  /** Of each object in `events` that was there before: the events that made it, as {@link HistoryIndex.get} gives them. */
  readonly before: readonly (readonly StoredEvent[])[];
  /** All events up to here were given. */
  readonly upTo: number;
}

/** The index cannot be used: its file is damaged, its disk is full, or its thread ended. The log is not affected. */
export class HistoryIndexFailed extends Fault {
  override readonly name = 'HistoryIndexFailed';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, true, options);
  }
}
