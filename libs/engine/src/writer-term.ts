import type { CommandResult, NewEvent, StoredEvent } from '#model';
import { isRefusal } from '#model';
import { LOG_AWAY } from './log-away.js';
import { WRITER_ELECTED, WRITER_STREAM } from './own-streams.js';
import type { SentAppends } from './sent-appends.js';
import { eventOf } from './writer-event.js';
import type { WriterOptions } from './writer-options.js';
import { NOT_WRITER } from './writer-refusals.js';

/** How long the log is asked whether another writer was elected. */
const CONFIRMED_MS = 5_000;

/** The terms of one writer: each begins with an election that it appends. */
export class WriterTerm {
  epoch = 0;
  /** Position at which the term began. */
  electedAt = 0;
  /** The last election that this writer stood for. */
  private candidacy: { readonly revision: number; readonly event: NewEvent } | undefined;

  constructor(
    private readonly options: WriterOptions,
    private readonly sent: SentAppends,
  ) {}

  /** Appends the election of this writer for the next term. What was sent in an earlier term and comes later does not count. */
  async begin(cluster: string, timeoutMs: number): Promise<void> {
    const { reads, clock } = this.options;
    const revision = reads.projection.stream(WRITER_STREAM)?.revision ?? -1;
    const event = this.candidacyAt(revision, cluster);
    const { epoch } = event.metadata;
    try {
      const deadline = clock.monotonic() + timeoutMs;
      this.electedAt = await this.sent.durably(WRITER_STREAM, event, { expected: revision, deadline });
      await reads.reached(this.electedAt, timeoutMs);
    } finally {
      this.sent.forget(event.id);
    }
    this.epoch = epoch;
  }

  /**
   * An answer that no event carries says what the cluster is. Where another writer is possible, the log is asked whether one was elected
   * before: what was decided on is older then.
   */
  async confirmed(result: CommandResult, isElected: () => boolean): Promise<CommandResult> {
    const { log, reads } = this.options;
    const isOwn = isRefusal(result) ? result.code >= 500 || result.code === 429 : result.changed;
    if (!log.shared || isOwn) return result;
    if (!(await reads.fresh(CONFIRMED_MS).catch(() => false))) return LOG_AWAY;
    return isElected() && reads.projection.epoch <= this.epoch ? result : NOT_WRITER;
  }

  /** Takes in elections of this writer that were given up on and landed. */
  notice(events: readonly StoredEvent[]): void {
    const elections = events.filter(({ type, stream }) => type === WRITER_ELECTED && stream === WRITER_STREAM);
    const own = elections.findLast(({ id }) => id === this.candidacy?.event.id);
    if (own) [this.epoch, this.electedAt] = [Number(own.data['epoch']), own.position];
  }

  /** The same event as long as nobody has the next term: a try that was given up on may land, and is this writer's. */
  private candidacyAt(revision: number, cluster: string): NewEvent {
    if (this.candidacy?.revision === revision) return this.candidacy.event;
    const { reads, clock, ids } = this.options;
    const { projection } = reads;
    const now = clock.now();
    const epoch = projection.epoch + 1;
    const at = { stream: WRITER_STREAM, expected: revision, cause: `elected ${cluster} ${ids.uid()}` };
    const data = { epoch, cluster: projection.cluster || cluster };
    const event = eventOf(this.options, at, { type: WRITER_ELECTED, data, command: undefined, now, epoch });
    this.candidacy = { revision, event };
    return event;
  }
}
