import type { Refusal, View } from '#model';
import { refusals } from '#model';
import type { EventLog } from '#ports';
import type { Instant } from '#std';
import type { Checkpoints } from './checkpoint.js';
import type { EventCodec } from './codec.js';
import { eventsBetween } from './past.js';
import { Projection, type Fold } from './projection.js';
import type { ReadModel } from './read-model.js';

export interface HistoryOptions {
  readonly log: EventLog;
  readonly reads: ReadModel;
  readonly codec: EventCodec;
  readonly fold: Fold;
  readonly build: string;
  readonly checkpoints?: Checkpoints;
}

/** How many past views are kept for the next question about the same moment. */
const VIEWS_KEPT = 4;

/**
 * The cluster at any past position: rewound from the present when it is recent, else replayed from the nearest
 * checkpoint. A view of the past never changes, so the last few are kept.
 */
export class History {
  private readonly kept = new Map<number, Promise<Projection>>();

  constructor(private readonly options: HistoryOptions) {}

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
    if (position === present.position) return present.copy();
    return reads.recent(position) ?? this.replayed(position);
  }

  /** The last position whose time is not after the instant. */
  positionAt(instant: Instant, now: Instant): number | Refusal {
    if (instant > now) return refusals.badRequest(`the moment ${new Date(instant).toISOString()} is in the future`);
    const { times } = this.options.reads;
    const position = times.positionAt(instant);
    if (position !== undefined) return position;
    const first = times.first;
    return refusals.badRequest(
      first
        ? `the moment ${new Date(instant).toISOString()} is before this cluster began (${new Date(first.time).toISOString()})`
        : 'this cluster has no history yet',
    );
  }

  private replayed(position: number): Promise<Projection> {
    const known = this.kept.get(position);
    if (known) return known;
    const replay = this.replay(position);
    this.kept.set(position, replay);
    replay.catch(() => this.kept.delete(position));
    if (this.kept.size > VIEWS_KEPT) {
      const oldest = this.kept.keys().next().value as number;
      this.kept.delete(oldest);
    }
    return replay;
  }

  private async replay(position: number): Promise<Projection> {
    const { log, codec, fold, build, checkpoints } = this.options;
    const projection = new Projection(fold);
    const state = (await checkpoints?.newest(build, position, codec))?.state;
    await projection.rebuild(state, eventsBetween({ log, codec }, state?.position ?? 0, position));
    return projection;
  }
}
