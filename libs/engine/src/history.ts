import type { Change, KindId, Refusal, View } from '#model';
import { refusals } from '#model';
import { LogDamaged, type EventLog } from '#ports';
import type { Instant } from '#std';
import type { Checkpoints } from './checkpoint.js';
import type { EventCodec } from './codec.js';
import { PastViews } from './past-views.js';
import { eventsBetween, proven } from './past.js';
import type { Fold } from './fold.js';
import { Projection } from './projection.js';
import type { ReadModel } from './read-model.js';
import { StreamProofs } from './stream-proofs.js';
import type { TimeEntry, TimeSpan } from './time-index.js';

export interface HistoryOptions {
  readonly log: EventLog;
  readonly reads: ReadModel;
  readonly codec: EventCodec;
  readonly soon: (callback: () => void) => void;
  readonly fold: Fold;
  readonly checkpoints?: Checkpoints;
  readonly endsKeptMs?: number;
  /** How many bytes of views are kept and made at a time. Default {@link PAST_BYTES}. */
  readonly bytesMax?: number;
  /** Stops the process: the log is damaged. */
  readonly onFatal: (cause: unknown) => void;
}

/** Changes of one kind, and up to where they are all. */
export interface PastChanges {
  readonly changes: readonly Change[];
  readonly position: number;
}

/**
 * The cluster at any past position: rewound from the present when it is recent, else replayed from the nearest
 * checkpoint. A view of the past never changes, so the last ones are kept.
 */
export class History {
  private readonly views: PastViews;
  /** Ends with the last one that reads changes. */
  private reading: Promise<void> = Promise.resolve();

  constructor(private readonly options: HistoryOptions) {
    this.views = new PastViews(options.soon, options.bytesMax);
  }

  /** Forgets the past that was replayed: values in it have been shredded. */
  forget(): void {
    this.views.forget();
  }

  async at(position: number): Promise<View | Refusal> {
    const { reads, log } = this.options;
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
    return reads.window.viewAt(position) ?? this.views.at(position, () => this.replay(position));
  }

  /**
   * Every change of a kind after a position, in batches out of the log, up to the head at the call; none when the log does
   * not reach back so far. Each reader folds a cluster of its own, so they take turns; one that is not wanted any more
   * when its turn comes reads nothing.
   */
  async *changes(kind: KindId, after: number, isWanted: () => boolean): AsyncIterable<PastChanges> {
    const { log, codec, reads } = this.options;
    if (after < Math.max(await log.origin(), reads.times.first?.position ?? 0)) return;
    const over = await this.turn();
    try {
      if (!isWanted()) return;
      const proofs = new StreamProofs(log);
      const projection = await this.replay(after, proofs);
      for await (const events of eventsBetween(log, after, Infinity)) {
        const changes: Change[] = [];
        for (const recorded of events) {
          const event = codec.decode(recorded.open());
          const change = projection.apply(event);
          if (change?.kind === kind) changes.push(change);
        }
        await proofs.settle();
        yield { changes, position: projection.position };
      }
    } catch (cause) {
      throw this.refused(cause);
    } finally {
      over();
    }
  }

  /** Resolves when it is the caller's turn, with what to call at its end. */
  private async turn(): Promise<() => void> {
    const before = this.reading;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reading = before.then(() => promise);
    await before;
    return resolve;
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

  private async replay(position: number, proofs = new StreamProofs(this.options.log)): Promise<Projection> {
    const { log, codec, soon, fold, checkpoints, endsKeptMs } = this.options;
    const projection = new Projection(fold, endsKeptMs, (place) => proofs.add(place));
    try {
      const state = (await checkpoints?.newest(position))?.state;
      await projection.rebuild(state, proven(eventsBetween(log, state?.position ?? 0, position), proofs), {
        ...{ codec, soon, upTo: position },
      });
      await proofs.settle();
    } catch (cause) {
      throw this.refused(cause);
    }
    return projection;
  }

  /** A process does not go on beside a log that it cannot trust. */
  private refused(cause: unknown): unknown {
    if (cause instanceof LogDamaged) this.options.onFatal(cause);
    return cause;
  }
}
