import type { Change, KindRegistry, Loop, OutsideFacts } from '#model';
import { foldEvent } from '#model';
import type { Askers, Clock, EventLog, HistoryIndex, Ids, Keys } from '#ports';
import { Anchors } from './anchors.js';
import { Checkpoints, type CheckpointStore } from './checkpoint.js';
import { eventCodec, type EventCodec } from './codec.js';
import { History } from './history.js';
import { LoopRunner } from './loop-runner.js';
import type { Fold } from './fold.js';
import { ReadModel } from './read-model.js';
import { shredded } from './sealing.js';
import { Shredder, type ShredderOptions } from './shredder.js';
import { WallSteps } from './wall-steps.js';
import { Writer, type CommandPort } from './writer.js';

export interface ControlPlaneOptions {
  readonly log: EventLog;
  readonly kinds: KindRegistry;
  readonly keys: Pick<Keys, 'seal' | 'open'>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Hash of the code that folds and decides. */
  readonly build: string;
  readonly checkpoints?: CheckpointStore;
  readonly eventsPerCheckpoint?: number;
  /** How many events there are between two anchors of the hash chain, if they come quickly. Default {@link EVENTS_PER_ANCHOR}. */
  readonly eventsPerAnchor?: number;
  readonly eventsKeptAtStart?: number;
  /** How many bytes of versions the window of changes keeps. Default {@link WINDOW_BYTES}. */
  readonly windowBytes?: number;
  /** Where the past is read from; undefined in a process that is never asked about it. */
  readonly history?: HistoryIndex;
  /** How many bytes of lists of the past are gathered at a time. Default {@link PAST_BYTES}. */
  readonly pastBytes?: number;
  readonly endsKeptMs?: number;
  readonly snapshotEvery?: number;
  readonly soon: (callback: () => void) => void;
  /** Puts the writer's questions to webhooks. Undefined: they all fail. */
  readonly askers?: Askers;
  readonly onFatal: (cause: unknown) => void;
  /** Says in one sentence what does not work as it should, while the process goes on. */
  readonly onComplaint?: (message: string) => void;
  readonly onRefusal?: (loop: string, key: string, refusal: { readonly message: string }) => void;
  /** Receives what a loop threw for one key; see {@link LoopRunnerOptions}. Without it such a fault is fatal. */
  readonly onFault?: (loop: string, key: string, cause: unknown) => void;
}

/**
 * The parts that a control-plane process has: its view of the log, the past, and, where it has the role, the writer. Which
 * loops run here is the app's choice; where their commands go too.
 */
export class ControlPlane {
  readonly reads: ReadModel;
  readonly history: History;
  readonly codec: EventCodec;
  readonly fold: Fold;
  private writer: Writer | undefined;
  /** Where the key store is and {@link shredDeleted} was called. */
  shredder: Shredder | undefined;
  private anchors: Anchors | undefined;
  private readonly runners: LoopRunner[] = [];
  private readonly wallSteps: WallSteps;

  constructor(readonly options: ControlPlaneOptions) {
    this.wallSteps = new WallSteps(options.clock);
    const { log, kinds, keys, clock, build, soon, onFatal } = options;
    const { eventsPerCheckpoint, eventsKeptAtStart, endsKeptMs, windowBytes, pastBytes } = options;
    this.codec = eventCodec(kinds, keys);
    this.fold = foldEvent;
    const onComplaint = options.onComplaint ?? (() => undefined);
    const checkpoints =
      options.checkpoints &&
      new Checkpoints({ store: options.checkpoints, log, codec: this.codec, build, onComplaint });
    const parts = {
      ...{ log, codec: this.codec, fold: this.fold, soon },
      ...(checkpoints && { checkpoints }),
      ...(endsKeptMs !== undefined && { endsKeptMs }),
    };
    this.reads = new ReadModel({
      ...parts,
      clock,
      onFatal,
      ...(eventsPerCheckpoint !== undefined && { eventsPerCheckpoint }),
      ...(eventsKeptAtStart !== undefined && { eventsKeptAtStart }),
      ...(windowBytes !== undefined && { windowBytes }),
    });
    this.history = new History({
      ...{ log, codec: this.codec, fold: this.fold, clock, onFatal, onComplaint },
      reads: this.reads,
      index: options.history,
      ...(pastBytes !== undefined && { bytesMax: pastBytes }),
    });
    this.reads.projection.keep(kinds.all.flatMap((kind) => kind.indexes ?? []));
    this.reads.onChanges((changes: readonly Change[]) => {
      this.wallSteps.look();
      for (const runner of this.runners) runner.notice(changes);
    });
  }

  /** Follows the log; resolves when it has been read to its head. */
  async start(): Promise<void> {
    await this.reads.start();
    this.history.start();
  }

  /**
   * Takes the writer's role in this process. `cluster` names a cluster whose log is empty. With `onDeposed` others may stand for election too:
   * rejects when another one was elected meanwhile, and does not end the process when one is elected later.
   */
  async becomeWriter(cluster: string, { onDeposed }: { onDeposed?: (why: string) => void } = {}): Promise<Writer> {
    const { log, kinds, ids, clock, snapshotEvery, askers, onFatal } = this.options;
    const writer = new Writer({
      ...{ log, reads: this.reads, kinds, codec: this.codec, ids, clock, onFatal },
      ...(snapshotEvery !== undefined && { snapshotEvery }),
      ...(askers && { askers }),
      onDeposed,
    });
    await writer.elect(cluster, onDeposed !== undefined);
    this.writer = writer;
    const { onComplaint = () => undefined, eventsPerAnchor } = this.options;
    this.anchors = new Anchors({
      ...{ log, reads: this.reads, codec: this.codec, ids, clock, onComplaint },
      term: () => (writer.heldEpoch === this.reads.projection.epoch ? writer.heldEpoch : undefined),
      ...(eventsPerAnchor !== undefined && { eventsPerAnchor }),
    });
    return writer;
  }

  /** Puts the writer's role down, if this process has it. */
  resignWriter(): void {
    this.anchors?.stop();
    this.writer?.resign();
  }

  /** Runs loops here; their commands go to `commands`. */
  run(loops: readonly Loop[], commands: CommandPort, outside?: (key: string) => OutsideFacts): readonly LoopRunner[] {
    const { clock, ids, build, soon, onRefusal, onFatal } = this.options;
    const onFault = this.options.onFault ?? ((_loop: string, _key: string, cause: unknown) => onFatal(cause));
    this.reads.projection.keep(loops.flatMap((loop) => loop.indexes ?? []));
    const started = loops.map((loop) => {
      const runner = new LoopRunner({
        loop,
        view: this.reads.projection,
        commands,
        clock,
        ids,
        build,
        soon,
        onFault,
        onFatal,
        wallSteps: this.wallSteps,
        reached: (position, timeoutMs) => this.reads.reached(position, timeoutMs),
        ...(outside && { outside }),
        ...(onRefusal && { onRefusal }),
      });
      this.runners.push(runner);
      runner.start();
      return runner;
    });
    return started;
  }

  /** Ends loops that were run here. */
  end(runners: readonly LoopRunner[]): void {
    for (const runner of runners) {
      runner.stop();
      this.runners.splice(this.runners.indexOf(runner), 1);
    }
  }

  /** Something that loops know from outside the log has changed: they look at all keys again. */
  lookAgain(): void {
    for (const runner of this.runners) runner.pokeAll();
  }

  /** Destroys the keys of deleted Secrets; in the process that has the writer. */
  shredDeleted(options: Pick<ShredderOptions, 'keys' | 'keepMs' | 'isShared' | 'isWriter' | 'onError'>): void {
    const { reads, history } = this;
    this.shredder = new Shredder({
      ...options,
      ...{ reads, log: this.options.log, clock: this.options.clock },
      onShredded: (isShredded) => {
        reads.window.redact(isShredded, shredded);
        history.forget();
      },
    });
    this.shredder.start();
  }

  get idle(): boolean {
    return this.runners.every((runner) => runner.idle);
  }

  async stop(): Promise<void> {
    this.resignWriter();
    this.shredder?.stop();
    for (const runner of this.runners) runner.stop();
    await this.history.stop();
    await this.reads.stop();
  }
}
