import {
  MemoryEventLog,
  SeededIds,
  type AppendFate,
  type MemoryBus,
  type MemoryBusHub,
  type MemoryLogStore,
  type VirtualClock,
} from '#adapters';
import {
  CommandGate,
  ControlPlane,
  Health,
  Heartbeats,
  publishChanges,
  serveHealth,
  type CheckpointStore,
  type Writer,
} from '#engine';
import { bootstrapPolicy } from '#kinds';
import { apiLoops, nodeLoops, schedulingLoops, workloadLoops } from '#loops';
import type { Command, CommandResult, KindRegistry } from '#model';
import type { Keys } from '#ports';
import type { Prng } from '#std';
import type { Steps } from './steps.js';

/** What a control-plane process of the simulation is made of, and what outlives it. */
export interface ControlParts {
  readonly store: MemoryLogStore;
  readonly hub: MemoryBusHub;
  readonly clock: VirtualClock;
  readonly steps: Steps;
  readonly chance: Prng;
  readonly kinds: KindRegistry;
  readonly keys: Pick<Keys, 'seal' | 'open'>;
  readonly checkpoints: CheckpointStore;
  /** What becomes of an append before and after it is durable. `die` ends the process there. */
  readonly appendFate: (moment: 'before' | 'after') => AppendFate | 'die';
  readonly onDeath: () => void;
  readonly onFatal: (cause: unknown) => void;
}

/** Every life is of the same code: it starts from the checkpoints of the one before. */
export const BUILD = 'simulation';
/** So few that most starts read some of the past the fast way. */
const EVENTS_KEPT_AT_START = 32;

/** So short that names are taken again after they were forgotten. */
export const ENDS_KEPT_MS = 3000;
/** Few streams of a world get to sixteen events. */
const SNAPSHOT_EVERY = 3;

/** One life of the control plane: everything in it is gone when it dies, but for the log. */
export class ControlProcess {
  readonly plane: ControlPlane;
  private writer: Writer | undefined;
  private alive = true;
  private readonly bus: MemoryBus;
  private stopHealth: () => void = () => undefined;

  constructor(
    private readonly parts: ControlParts,
    life: number,
  ) {
    const { store, steps, clock, kinds, keys, hub } = parts;
    const fate = (moment: 'before' | 'after') => (): AppendFate => {
      if (!this.alive) return 'never';
      const drawn = parts.appendFate(moment);
      if (drawn !== 'die') return drawn;
      this.die();
      parts.onDeath();
      return 'never';
    };
    const log = new MemoryEventLog({
      store,
      schedule: steps.soon,
      faults: { beforeAppend: fate('before'), afterAppendBeforeAck: fate('after') },
    });
    this.plane = new ControlPlane({
      log,
      kinds,
      keys,
      clock,
      ids: new SeededIds(parts.chance.below(2 ** 31) + life),
      build: BUILD,
      checkpoints: parts.checkpoints,
      eventsKeptAtStart: EVENTS_KEPT_AT_START,
      endsKeptMs: ENDS_KEPT_MS,
      snapshotEvery: SNAPSHOT_EVERY,
      soon: steps.soon,
      onFatal: (cause) => this.alive && parts.onFatal(cause),
    });
    this.bus = hub.connect(`control-${life}`);
  }

  get isServing(): boolean {
    return this.alive && this.writer !== undefined;
  }

  async start(): Promise<void> {
    await this.plane.start();
    if (!this.alive) return;
    const writer = await this.plane.becomeWriter('simulated-cluster');
    if (!this.alive) return;
    this.writer = writer;
    const { clock } = this.parts;
    const loops = { api: apiLoops, controllers: workloadLoops, scheduler: schedulingLoops, health: nodeLoops };
    const { kinds } = this.parts;
    // A loop that wants more than its role gives it is a fault of the code.
    const onRefusal = (client: string, { message }: { message: string }) =>
      this.parts.onFatal(new Error(`a command of ${client} was refused: ${message}`));
    const gate = new CommandGate({ writer, kinds, authorizer: bootstrapPolicy, loops, onRefusal });
    const heartbeats = new Heartbeats(clock);
    const health = new Health({
      reads: this.plane.reads,
      commands: gate.of('health'),
      heartbeats,
      clock,
      ids: this.plane.options.ids,
      publish: publishChanges(this.bus),
      signToken: ({ bound }) =>
        Promise.resolve({
          token: `token-of-${bound?.object.metadata.uid}`,
          expires: new Date(clock.now() + 3_600_000).toISOString(),
        }),
    });
    const stop = serveHealth(this.bus, health);
    this.stopHealth = () => {
      stop();
      health.stop();
    };
    this.plane.reads.onChanges((changes) => heartbeats.observe(changes));
    this.bus.onConnection((connected) => heartbeats.connection(connected));
    const outside = () => ({
      caCertificate: 'simulated',
      apiEndpoints: [{ ip: '127.0.0.1', port: 6443 }],
      ...heartbeats.outside(),
    });
    for (const [client, own] of Object.entries(loops)) this.plane.run(own, gate.of(client), outside);
  }

  /** A client's write; never answered once the process has died. */
  submit(command: Command): Promise<CommandResult> {
    if (!this.alive || !this.writer) return new Promise(() => undefined);
    const answer = this.writer.submit(command);
    return new Promise((resolve, reject) => {
      answer.then((result) => this.alive && resolve(result), reject);
    });
  }

  /** Cut off from the bus, or joined to it again. The log is another connection: it stays. */
  set connected(connected: boolean) {
    if (this.alive) this.bus.connected = connected;
  }

  /** SIGKILL: no last words. */
  die(): void {
    if (!this.alive) return;
    this.alive = false;
    this.stopHealth();
    void this.bus.close();
    void this.plane.stop();
  }
}
