import type { Change, KindId, StoredEvent, StreamState, View } from '#model';
import { LogUnavailable, type Clock, type EventLog, type LogSubscription, type RecordedEvent } from '#ports';
import { Fault, fromEventTime, type Instant } from '#std';
import { LogChain } from './chain.js';
import { ChangeWindow, WINDOW_MS } from './change-window.js';
import type { Checkpoints } from './checkpoint.js';
import type { EventCodec } from './codec.js';
import { CHECKPOINT_STREAM } from './own-streams.js';
import { splitAt, verified } from './log-reading.js';
import type { Fold, RestoredState } from './fold.js';
import { Projection } from './projection.js';
import { StreamProofs } from './stream-proofs.js';
import { TimeIndex } from './time-index.js';

export interface ReadModelOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly codec: EventCodec;
  /** Calls back in a later turn. */
  readonly soon: (callback: () => void) => void;
  readonly fold: Fold;
  readonly checkpoints?: Checkpoints;
  /** How many events there are between two checkpoints. Default {@link EVENTS_PER_CHECKPOINT}. */
  readonly eventsPerCheckpoint?: number;
  /** How many of the last events stay in the window of changes after a start. Default {@link EVENTS_KEPT_AT_START}. */
  readonly eventsKeptAtStart?: number;
  /** How many bytes of versions the window of changes keeps. Default {@link WINDOW_BYTES}. */
  readonly windowBytes?: number;
  /** How long after its end a stream stays known; see {@link Projection}. */
  readonly endsKeptMs?: number;
  /** Stops the process: the log holds what this build cannot read, or is damaged. */
  readonly onFatal: (cause: unknown) => void;
}

/** So many that writing them costs nothing beside the appends, so few that a start reads its tail in a second. */
export const EVENTS_PER_CHECKPOINT = 100_000;
/** Watches that broke off just before a restart go on out of memory; older ones are served out of the log. */
export const EVENTS_KEPT_AT_START = 2000;

/** A start that has read more than this part of the events between two checkpoints writes one at its end. */
const TAIL_SHARE = 0.1;

/** How long a stop waits for a checkpoint that is being written. */
const CHECKPOINT_END_MS = 5000;

/** How long a start waits for the log's last events before it gives up. */
const START_MS = 600_000;

/** When the log could not be read for a proof, it is tried again so much later. */
const PROOF_RETRY_MS = 1000;

type Listener = (changes: readonly Change[], events: readonly StoredEvent[]) => void;

/**
 * The log as this process sees it: one subscription, each event decoded once, folded into one projection, kept in the
 * window of changes, and handed to whoever listens. A reader of the log is this and nothing else.
 */
export class ReadModel {
  readonly projection: Projection;
  readonly window: ChangeWindow;
  readonly times = new TimeIndex();
  /** The log's hash chain up to {@link Projection.position}. */
  readonly chain: LogChain;
  private readonly proofs: StreamProofs;
  private isStopped = false;
  private readonly listeners = new Set<Listener>();
  private waiters: { position: number; done: (reached: boolean) => void }[] = [];
  private subscription: LogSubscription | undefined;
  private sinceCheckpoint = 0;
  /** The checkpoint that was begun last. */
  private writing: Promise<void> = Promise.resolve();
  /** Wall clock minus monotonic clock when this process started. */
  private readonly wallAtStart: number;
  /** Highest position that the log has shown, events of others in a shared store included. */
  private seen = 0;
  /** The look at the log's head that is under way, and the one that comes after it for all who arrived meanwhile. */
  private headInFlight: Promise<unknown> = Promise.resolve();
  private nextHead: Promise<number> | undefined;

  constructor(private readonly options: ReadModelOptions) {
    const { clock } = options;
    this.wallAtStart = clock.now() - clock.monotonic();
    this.chain = new LogChain(options.log);
    this.proofs = new StreamProofs(options.log);
    this.projection = new Projection(options.fold, options.endsKeptMs, (place) => this.proofs.add(place));
    this.window = new ChangeWindow(this.projection, options.windowBytes);
  }

  /** Reads checkpoint and tail, then follows the log. Resolves when everything up to the head at the call is folded. */
  async start(): Promise<void> {
    const { log, checkpoints } = this.options;
    const head = await log.head();
    await checkpoints?.dropBeyond(head);
    const checkpoint = await checkpoints?.newest(head);
    if (checkpoint) {
      this.times.restore(checkpoint.times);
      this.chain.restore(checkpoint.tip);
    } else this.chain.begin(await log.origin());
    await this.readPast(checkpoint?.state, head);
    this.subscription = log.subscribe(
      this.projection.position,
      (events) => this.take(events),
      (cause) => cause !== undefined && this.options.onFatal(cause),
      (position) => this.sawOthers(position),
    );
    if (!(await this.reached(head, START_MS))) throw new Lagging('the view of this process');
    // The next start reads again whatever tail this one has read: of a long one it is spared that.
    if (this.sinceCheckpoint >= this.eventsPerCheckpoint * TAIL_SHARE) void this.checkpoint();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.subscription?.close();
    for (const waiter of this.waiters) waiter.done(false);
    this.waiters = [];
    await this.checkpointEnded();
  }

  /** A checkpoint that is being written may come to its end: half of one is none. */
  private checkpointEnded(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(CHECKPOINT_END_MS, resolve);
      void this.writing.finally(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Called after each batch of events was folded. */
  onChanges(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** True once everything up to `position` is folded; false when that takes longer than `timeoutMs`. */
  reached(position: number, timeoutMs: number): Promise<boolean> {
    if (this.seen >= position) return Promise.resolve(true);
    return new Promise((resolve) => {
      const { clock } = this.options;
      let cancel: () => void = () => {};
      const waiter = {
        position,
        done: (reached: boolean) => {
          cancel();
          resolve(reached);
        },
      };
      this.waiters.push(waiter);
      cancel = clock.after(timeoutMs, () => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve(false);
      });
    });
  }

  /**
   * Waits until the projection has passed the log's head as of now; false when that takes longer than `timeoutMs`. Rejects
   * with {@link LogUnavailable} when the log does not give its head in that time. One look at the head serves all who wait
   * for one.
   */
  async fresh(timeoutMs: number): Promise<boolean> {
    const { clock } = this.options;
    const started = clock.monotonic();
    const head = await this.headWithin(timeoutMs);
    return this.reached(head, Math.max(0, timeoutMs - (clock.monotonic() - started)));
  }

  /** The cluster as it was at a position within the last minutes, for who began to read it at the {@link moment} `since`. */
  recent(position: number, since: Instant): View | undefined {
    // What was read long ago is over, also where nothing has happened since: readers meet one rule in every cluster.
    return since < this.moment() - WINDOW_MS ? undefined : this.window.viewAt(position);
  }
  /** Whether what a kind was at a position was superseded longer ago than the window of changes holds. */
  isPast(kind: KindId, position: number): boolean {
    const at = this.window.supersededAt(kind, position);
    return at !== undefined && at < this.options.clock.monotonic() - WINDOW_MS;
  }
  /** An instant for measuring ages: near the wall clock, but not moved when that is set while this process runs. */
  moment(): Instant {
    return this.wallAtStart + this.options.clock.monotonic();
  }

  /** The last events go through the window of changes, as those do that come later. */
  private async readPast(from: RestoredState | undefined, head: number): Promise<void> {
    const { log, codec, soon, eventsKeptAtStart = EVENTS_KEPT_AT_START } = this.options;
    const upTo = head - eventsKeptAtStart * log.positionsPerEvent;
    const { past, rest } = splitAt(upTo, log.readAll(from?.position ?? 0));
    await this.projection.rebuild(from, this.checkpointed(verified(past, this.proofs)), {
      ...{ codec, soon, upTo },
      each: (event) => {
        this.times.add(event.position, event.instant);
        this.chain.take(event);
        if (event.stream === CHECKPOINT_STREAM) this.verify(event.open());
        this.sinceCheckpoint++;
      },
    });
    this.seen = this.projection.position;
    this.window.reset();
    for await (const events of rest) this.fold(events.map((event) => event.open()));
    await this.proofs.settle();
  }

  /** The same batches. A checkpoint is written between two: during a rebuild, objects are changed in place. */
  private async *checkpointed(
    batches: AsyncIterable<readonly RecordedEvent[]>,
  ): AsyncIterable<readonly RecordedEvent[]> {
    for await (const events of batches) {
      yield events;
      this.chain.settle();
      if (!this.isCheckpointDue) continue;
      await this.projection.foldUnread(this.options.soon);
      await this.checkpoint();
    }
  }
  private get isCheckpointDue(): boolean {
    return this.sinceCheckpoint >= this.eventsPerCheckpoint;
  }
  private get eventsPerCheckpoint(): number {
    return this.options.eventsPerCheckpoint ?? EVENTS_PER_CHECKPOINT;
  }

  private async headWithin(timeoutMs: number): Promise<number> {
    const head = this.headSoon();
    let cancel: () => void = () => {};
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.options.clock.after(timeoutMs, () =>
        reject(new LogUnavailable(`The event log has not answered within ${timeoutMs} ms.`)),
      );
    });
    try {
      return await Promise.race([head, late]);
    } finally {
      cancel();
    }
  }

  private headSoon(): Promise<number> {
    // A look that is under way may have read the head before this caller arrived: only one that starts later will do.
    this.nextHead ??= this.headInFlight.then(() => {
      this.nextHead = undefined;
      const head = this.options.log.head();
      this.headInFlight = head.catch(() => undefined);
      return head;
    });
    return this.nextHead;
  }

  private take(events: readonly StoredEvent[]): void {
    try {
      this.fold(events);
    } catch (cause) {
      this.options.onFatal(cause);
      return;
    }
    this.settleProofs();
  }

  /** What lies far back is read from the log beside what goes on; the process ends when it is not as it must be. */
  private settleProofs(): void {
    this.proofs.settle().catch((cause: unknown) => {
      if (this.isStopped) return;
      const { clock, onFatal } = this.options;
      if (cause instanceof Fault && cause.retryable) clock.after(PROOF_RETRY_MS, () => this.settleProofs());
      else onFatal(cause);
    });
  }

  /** Throws when an event cannot be read, or does not follow its stream. */
  private fold(events: readonly StoredEvent[]): void {
    const { codec, clock } = this.options;
    const changes: Change[] = [];
    const decoded: StoredEvent[] = [];
    for (const stored of events) {
      if (stored.position <= this.projection.position) continue;
      const event = codec.decode(stored);
      const before: StreamState | undefined = this.projection.stream(event.stream);
      const change = this.projection.apply(event);
      const at = fromEventTime(event.time);
      this.times.add(event.position, at);
      this.chain.take(stored);
      if (event.stream === CHECKPOINT_STREAM) this.verify(event);
      decoded.push(event);
      this.window.add(change, { stream: event.stream, before, at: this.foldedAt(at) });
      if (change) changes.push(change);
    }
    this.seen = Math.max(this.seen, this.projection.position);
    this.sinceCheckpoint += decoded.length;
    this.window.prune(clock.monotonic());
    for (const listener of this.listeners) listener(changes, decoded);
    this.window.flush();
    this.wake();
    if (this.isCheckpointDue) void this.checkpoint();
  }

  /** Holds an anchor against the chain; one of a writer that was voted out does not count. */
  private verify({ data, metadata, position }: StoredEvent): void {
    if (metadata.epoch < this.projection.epoch) return;
    this.chain.verify({ position: Number(data['position']), hash: String(data['hash']) }, position);
  }

  /** On the monotonic clock. Events of before the start have the age that their date says, all others are new. */
  private foldedAt(decidedAt: Instant): number {
    const { clock } = this.options;
    const ageMs = this.subscription ? 0 : Math.max(0, clock.now() - decidedAt);
    return clock.monotonic() - ageMs;
  }

  /**
   * Writes a checkpoint of the state at the call; start-up reads it instead of the events before it. Resolves when it is written, or
   * could not be.
   */
  async checkpoint(): Promise<void> {
    const { checkpoints } = this.options;
    const { tip } = this.chain;
    // While one is being written, the next one waits for the next events.
    if (checkpoints?.isWriting || tip === undefined) return;
    this.sinceCheckpoint = 0;
    if (checkpoints) this.writing = checkpoints.write({ projection: this.projection, times: this.times, tip });
    await this.writing;
  }

  private sawOthers(position: number): void {
    this.seen = Math.max(this.seen, position);
    this.wake();
  }

  private wake(): void {
    if (this.waiters.length === 0) return;
    const ready = this.waiters.filter((waiter) => waiter.position <= this.seen);
    if (ready.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => waiter.position > this.seen);
    for (const waiter of ready) waiter.done(true);
  }
}

/** The log could not be followed in time. */
export class Lagging extends Fault {
  override readonly name = 'Lagging';
  constructor(what: string) {
    super(`${what} has not caught up with the event log in time`, true);
  }
}
