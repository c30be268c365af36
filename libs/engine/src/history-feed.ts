import type { Refusal } from '#model';
import { refusals } from '#model';
import { HistoryIndexFailed, type Clock, type EventLog, type HistoryIndex, type RecordedEvent } from '#ports';
import { Fault, type JsonObject } from '#std';
import { LogChain, type Tip } from './chain.js';
import { standsIn } from './checkpoint.js';
import { INDEX_AWAY, INDEX_RETRY_MS, LOG_AWAY } from './log-away.js';
import { WRITER_STREAM } from './own-streams.js';
import type { ReadModel } from './read-model.js';
import { cancellableDelay } from './delay.js';

export interface HistoryFeedOptions {
  readonly log: EventLog;
  readonly index: HistoryIndex;
  readonly reads: Pick<ReadModel, 'projection' | 'onChanges'>;
  readonly clock: Clock;
  /** Stops the process: the log is damaged. */
  readonly onFatal: (cause: unknown) => void;
  /** Says in one sentence that the index cannot be used, or begins anew. */
  readonly onComplaint: (message: string) => void;
}

/** So many events behind the index follows once it is quiet: reading them takes a tenth of a second. */
const EVENTS_BEHIND = 2000;
/** So many events behind it follows also while many come: reading them takes a second. */
const EVENTS_BEHIND_MAX = 20_000;
/** It is quiet when no more than so many events come in that time: a burst of writes has the processors for itself. */
const QUIET_EVENTS = 200;
const QUIET_MS = 1000;
/** How long a question waits for the index to reach its position: a quarter of the time that a request has. The first one starts the index. */
export const INDEX_TIMEOUT_MS = 15_000;

/** A reading of a log that does not answer does not hold up the end of the process. */
const STOP_MS = 1000;

/** What the index keeps of the reading: it is used only with the very log that it was made from. */
interface Mark {
  readonly cluster: string;
  readonly epoch: number;
  /** Null where the log's beginning is archived, so that its chain is not known: such an index is not kept for the next start. */
  readonly tip: Tip | null;
}

/**
 * Reads the log into the history index, page by page, when the index is asked for something that it has not reached or lies
 * far behind. The thread of the process only hands bytes over: the index parses them.
 */
export class HistoryFeed {
  /** Everything up to here is in the index. */
  private fed = 0;
  private epoch = 0;
  private isOpen = false;
  private mustClear = false;
  private isStopped = false;
  private running: Promise<void> | undefined;
  private failure: { readonly retryAt: number; readonly refusal: Refusal } | undefined;
  /** What ended the process, for those who still wait. */
  private fatal: { readonly cause: unknown } | undefined;
  /** While it is awaited that it is quiet. */
  private cancelLook: (() => void) | undefined;
  private readonly chain: LogChain;
  private readonly waiters = new Set<{ readonly position: number; readonly done: () => void }>();
  private readonly unlisten: () => void;

  constructor(private readonly options: HistoryFeedOptions) {
    this.chain = new LogChain(options.log);
    this.unlisten = options.reads.onChanges(() => this.followIfFarBehind());
  }

  /** Undefined once the index has reached a position that the projection has reached, else why it has not in time. */
  async reached(position: number): Promise<Refusal | undefined> {
    const { clock, reads } = this.options;
    if (this.failure && clock.monotonic() < this.failure.retryAt) return this.failure.refusal;
    this.failure = undefined;
    const deadline = clock.monotonic() + INDEX_TIMEOUT_MS;
    for (let leftMs = INDEX_TIMEOUT_MS; this.fed < position; leftMs = deadline - clock.monotonic()) {
      if (this.fatal) throw this.fatal.cause;
      if (this.failure) return this.refusal;
      if (leftMs <= 0 || this.isStopped)
        return refusals.unavailable(
          `the history index has been read up to position ${this.fed} of ${reads.projection.position}, please try again`,
          1,
        );
      this.follow();
      await this.progress(position, leftMs);
    }
    return undefined;
  }

  /** What a reading or a question threw. An index that cannot be used is made anew before the next question, some time later. */
  failed(cause: unknown): void {
    const { clock, onComplaint, onFatal } = this.options;
    // Log and index are being closed under a reading.
    if (this.isStopped) return;
    if (cause instanceof HistoryIndexFailed) {
      if (this.mustClear) return;
      onComplaint(`Reads of the past are refused for ${INDEX_RETRY_MS / 1000} s: ${cause.message}`);
      this.failure = { retryAt: clock.monotonic() + INDEX_RETRY_MS, refusal: INDEX_AWAY };
      this.mustClear = true;
      this.isOpen = false;
      this.fed = 0;
    } else if (cause instanceof Fault && cause.retryable) {
      this.failure = { retryAt: clock.monotonic(), refusal: LOG_AWAY };
    } else {
      this.fatal = { cause };
      onFatal(cause);
    }
    this.wake();
  }
  private get refusal(): Refusal {
    return this.failure?.refusal ?? LOG_AWAY;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.unlisten();
    this.cancelLook?.();
    this.wake();
    const { done, cancel } = cancellableDelay(this.options.clock, STOP_MS);
    await Promise.race([this.running, done]);
    cancel();
  }

  /** Begins to read what the index lacks, if that is much. */
  start(): void {
    if (this.eventsSince(this.fed) >= EVENTS_BEHIND) this.follow();
  }

  private followIfFarBehind(): void {
    if (this.failure || this.fatal || this.running) return;
    const behind = this.eventsSince(this.fed);
    if (behind >= EVENTS_BEHIND_MAX) this.follow();
    else if (behind >= EVENTS_BEHIND) this.followWhenQuiet();
  }
  private followWhenQuiet(): void {
    if (this.cancelLook || this.isStopped) return;
    const { clock, reads } = this.options;
    const { position } = reads.projection;
    this.cancelLook = clock.after(QUIET_MS, () => {
      this.cancelLook = undefined;
      if (this.eventsSince(position) <= QUIET_EVENTS) this.follow();
      else this.followIfFarBehind();
    });
  }
  private eventsSince(position: number): number {
    const { reads, log } = this.options;
    return (reads.projection.position - position) / log.positionsPerEvent;
  }

  /** One reading at a time. */
  private follow(): void {
    if (this.isStopped || this.fatal) return;
    this.running ??= this.read()
      .catch((cause: unknown) => this.failed(cause))
      .finally(() => (this.running = undefined));
  }

  private async read(): Promise<void> {
    const { log, reads } = this.options;
    if (!this.isOpen) await this.open();
    const upTo = reads.projection.position;
    for await (const events of log.readAll(this.fed)) {
      if (this.isStopped) return;
      await this.add(events);
    }
    // What was read last may have no event of this log.
    this.fed = Math.max(this.fed, upTo);
    this.wake();
  }

  /** Goes on where the index ends, or begins anew when it is not of this log. */
  private async open(): Promise<void> {
    const { index, log, onComplaint } = this.options;
    if (this.mustClear) await index.clear();
    this.mustClear = false;
    const mark = (await index.mark()) as unknown as Mark | undefined;
    const isOfThisLog = mark?.tip ? await standsIn(log, mark.tip) : false;
    if (mark?.tip && isOfThisLog) {
      this.chain.restore(mark.tip);
      this.fed = mark.tip.position;
      this.epoch = mark.epoch;
    } else {
      if (mark) {
        onComplaint('The history index is not of this event log, as after a backup was restored; it is made anew.');
        await index.clear();
      }
      this.chain.begin(await log.origin());
      this.fed = 0;
      this.epoch = 0;
    }
    this.isOpen = true;
  }

  /** An election decides which events count from there on, so a batch ends before it. */
  private async add(events: readonly RecordedEvent[]): Promise<void> {
    let begin = 0;
    for (let end = 1; end <= events.length; end++) {
      const next = events[end];
      if (next && next.stream !== WRITER_STREAM) continue;
      await this.addBatch(events.slice(begin, end));
      begin = end;
    }
    this.wake();
  }
  private async addBatch(events: readonly RecordedEvent[]): Promise<void> {
    const { index, reads } = this.options;
    const [first] = events;
    if (first?.stream === WRITER_STREAM) this.epoch = Math.max(this.epoch, Number(first.fact().data['epoch'] ?? 0));
    for (const event of events) this.chain.take(event);
    this.chain.settle();
    const { tip = null } = this.chain;
    const mark: Mark = { cluster: reads.projection.cluster, epoch: this.epoch, tip };
    const position = events.at(-1)?.position ?? this.fed;
    const added = index.add(events, { epoch: this.epoch, mark: mark as unknown as JsonObject });
    for (const event of events) event.done();
    await added;
    this.fed = position;
  }

  private async progress(position: number, timeoutMs: number): Promise<void> {
    const { done, cancel } = cancellableDelay(this.options.clock, timeoutMs);
    const waiter = { position, done: cancel };
    this.waiters.add(waiter);
    await done;
    this.waiters.delete(waiter);
  }
  private wake(): void {
    for (const { position, done } of this.waiters)
      if (this.fed >= position || this.failure || this.fatal || this.isStopped) done();
  }
}
