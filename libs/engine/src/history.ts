import type { Change, KindId, Refusal } from '#model';
import { refusals } from '#model';
import { LogUnavailable, type Clock, type EventLog, type HistoryIndex } from '#ports';
import type { Instant } from '#std';
import type { EventCodec } from './codec.js';
import type { Fold } from './fold.js';
import { HistoryFeed } from './history-feed.js';
import { PastBudget } from './past-budget.js';
import { PastCluster } from './past-cluster.js';
import { PastLists } from './past-lists.js';
import { PastObjects } from './past-objects.js';
import { eventsBetween } from './log-reading.js';
import type { ReadModel } from './read-model.js';
import type { TimeEntry, TimeSpan } from './time-index.js';

export interface HistoryOptions {
  readonly log: EventLog;
  /** Undefined in a process that is never asked about the past. */
  readonly index?: HistoryIndex | undefined;
  readonly reads: ReadModel;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly fold: Fold;
  /** How many bytes of lists are gathered at a time. Default {@link PAST_BYTES}. */
  readonly bytesMax?: number;
  /** Stops the process: the log is damaged. */
  readonly onFatal: (cause: unknown) => void;
  /** Says in one sentence what does not work as it should, while the process goes on. */
  readonly onComplaint: (message: string) => void;
}

/** Changes of one kind, and up to where they are all. */
export interface PastChanges {
  readonly changes: readonly Change[];
  readonly position: number;
}

interface Indexed {
  readonly index: HistoryIndex;
  readonly feed: HistoryFeed;
  readonly objects: PastObjects;
  readonly lists: PastLists;
  readonly budget: PastBudget;
  readonly onFailed: (cause: unknown) => void;
}

const NO_INDEX = refusals.unavailable('this process has no history index');

/** The cluster at any past position, out of the history index, which follows the log when it is asked. */
export class History {
  private readonly indexed: Indexed | undefined;

  constructor(private readonly options: HistoryOptions) {
    const { index, codec, fold, bytesMax } = options;
    if (!index) return;
    const feed = new HistoryFeed({ ...options, index });
    this.indexed = {
      ...{ index, feed },
      objects: new PastObjects({ index, codec, fold }),
      lists: new PastLists(index),
      budget: new PastBudget(bytesMax),
      onFailed: (cause) => feed.failed(cause),
    };
  }

  /** Forgets what was read: values in it have been shredded. */
  forget(): void {
    this.indexed?.lists.forget();
  }
  /** Begins to read what the index lacks of the log. */
  start(): void {
    this.indexed?.feed.start();
  }
  async stop(): Promise<void> {
    await this.indexed?.feed.stop();
  }

  async at(position: number): Promise<PastCluster | Refusal> {
    const { reads, log } = this.options;
    if (!this.indexed) return NO_INDEX;
    if (position > reads.projection.position) await reads.fresh(3000);
    const present = reads.projection;
    if (position > present.position) {
      return refusals.badRequest(`position ${position} is in the future: the event log is at ${present.position}`);
    }
    const origin = await log.origin();
    const first = reads.times.first?.position ?? 0;
    if (position < Math.max(origin, 1) || position < first) {
      return refusals.badRequest(
        `position ${position} is before the beginning of the event log (${Math.max(origin, first)})`,
      );
    }
    return (await this.indexed.feed.reached(position)) ?? new PastCluster(position, this.indexed);
  }

  /**
   * Every change of a kind after a position, in slices of bounded size, up to where the projection is at the end; none when the log does
   * not reach back so far. Rejects with {@link LogUnavailable} when the index does not follow in time.
   */
  async *changes(kind: KindId, after: number, isWanted: () => boolean): AsyncIterable<PastChanges> {
    const { log, reads } = this.options;
    if (!this.indexed || after < Math.max(await log.origin(), reads.times.first?.position ?? 0)) return;
    const { index, feed, objects, onFailed } = this.indexed;
    for (let from = after; from < reads.projection.position;) {
      const upTo = reads.projection.position;
      const late = await feed.reached(upTo);
      if (late) throw new LogUnavailable(late.message);
      try {
        for await (const slice of index.changes(kind, from, upTo)) {
          if (!isWanted()) return;
          yield { changes: await objects.changesOf(kind, slice), position: slice.upTo };
        }
      } catch (cause) {
        onFailed(cause);
        throw cause;
      }
      from = upTo;
    }
  }

  /**
   * The last position whose time is not after the instant, where times are clamped never to decrease: what a clock that was
   * set back wrote has the time of what was before it.
   */
  async positionAt(instant: Instant, now: Instant): Promise<number | Refusal> {
    if (instant > now) return refusals.badRequest(`the moment ${new Date(instant).toISOString()} is in the future`);
    const { times } = this.options.reads;
    const span = times.before(instant);
    if (span) return (await this.lastIn(span, (entry) => entry.time <= instant)).position;
    const first = times.first;
    return refusals.badRequest(
      first
        ? `the moment ${new Date(instant).toISOString()} is before this cluster began (${new Date(first.time).toISOString()})`
        : 'this cluster has no history yet',
    );
  }

  /** The time of the last event at or before a position, clamped never to decrease; undefined before the first. */
  async timeOf(position: number): Promise<Instant | undefined> {
    const span = this.options.reads.times.at(position);
    return span && (await this.lastIn(span, (entry) => entry.position <= position)).time;
  }

  /** The last event of a span that `isBefore` holds for, read from the log; it holds for none after that one. */
  private async lastIn(span: TimeSpan, isBefore: (entry: TimeEntry) => boolean): Promise<TimeEntry> {
    const { log, reads } = this.options;
    const upTo = span.next === undefined ? reads.projection.position : span.next - 1;
    let last: TimeEntry = span;
    for await (const events of eventsBetween(log, span.position, upTo)) {
      for (const { position, instant } of events) {
        const entry = { position, time: Math.max(last.time, instant) };
        if (!isBefore(entry)) return last;
        last = entry;
      }
    }
    return last;
  }
}
