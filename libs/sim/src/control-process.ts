import {
  MemoryEventLog,
  MemoryHistoryIndex,
  ScriptedAsker,
  SeededIds,
  type AppendFate,
  type AttemptedAppend,
  type MemoryBus,
  type MemoryBusHub,
  type MemoryLogFaults,
  type MemoryLogStore,
  type Reply,
  type VirtualClock,
} from '#adapters';
import {
  ClusterBackend,
  CommandGate,
  CommandRoute,
  ControlPlane,
  freshView,
  serveCommands,
  untilView,
  WRITER_STREAM,
  WriterRole,
  type CheckpointStore,
  type CommandPort,
} from '#engine';
import { Health, Heartbeats, publishChanges, serveHealth } from '#node-gateway';
import { accessPolicy, isBootstrapped } from '#kinds';
import { apiLoops, nodeLoops, scalerLoops, schedulingLoops, workloadLoops } from '#loops';
import type { HttpsQuestion, KindRegistry, Loop, OutsideFacts } from '#model';
import type { Keys } from '#ports';
import { measured, Scaler, serveScaler } from '#scaler';
import { Bug, type Prng } from '#std';
import { watchedBasis } from './checkers/basis.js';
import { Gate, GatedBus, GatedClock } from './gate.js';
import type { Steps } from './steps.js';

/** What a process runs: the apps of the house. */
export type Role = 'api' | 'controllers' | 'scheduler' | 'health' | 'feed' | 'scaler';

/** What a control-plane process of the simulation is made of, and what outlives it. */
export interface ControlParts {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly store: MemoryLogStore;
  readonly hub: MemoryBusHub;
  readonly clock: VirtualClock;
  readonly steps: Steps;
  readonly chance: Prng;
  readonly kinds: KindRegistry;
  readonly keys: Pick<Keys, 'seal' | 'open'>;
  readonly build: string;
  readonly checkpoints: CheckpointStore;
  /** What servers outside do with questions of decisions. */
  readonly reply: (question: HttpsQuestion) => Reply;
  readonly log: {
    /** Whether others write to the same log. */
    readonly shared: boolean;
    readonly positionsPerEvent: number;
    readonly eventBytesMax: number;
    /** How many milliseconds later an event arrives here than it was written. */
    readonly lagMs: () => number;
    readonly faults: Pick<MemoryLogFaults, 'later' | 'read'>;
    /** Called with the term of each event that this process appends, and with its name. */
    readonly onAppend: (epoch: number, process: string) => void;
    /** What becomes of an append before and after it is durable. `die` ends the process there. */
    readonly appendFate: (moment: 'before' | 'after') => AppendFate | 'die';
  };
  readonly onViolation: (checker: string, message: string) => void;
  /** It was killed in the midst of an append. */
  readonly onDeath: () => void;
  /** It has ended itself. */
  readonly onFatal: (cause: unknown) => void;
}

/** So few that most starts read some of the past the fast way. */
const EVENTS_KEPT_AT_START = 32;
/** So short that names are taken again after they were forgotten. */
export const ENDS_KEPT_MS = 3000;
/** Few streams of a world get to sixteen events. */
const SNAPSHOT_EVERY = 3;
export const CLUSTER = 'simulated-cluster';

export const LOOPS: { readonly [role in Role]: readonly Loop[] } = {
  api: apiLoops,
  controllers: workloadLoops,
  scheduler: schedulingLoops,
  health: nodeLoops,
  feed: [],
  scaler: scalerLoops,
};

/** One life of a process of the control plane: everything in it is gone when it dies, but for the log. */
export class ControlProcess {
  readonly gate = new Gate();
  readonly plane: ControlPlane;
  /** What its clients reach, once it serves. */
  backend: ClusterBackend | undefined;
  private role: WriterRole | undefined;
  private isAlive = true;
  private readonly clock: GatedClock;
  private readonly log: MemoryEventLog;
  private readonly connection: MemoryBus;
  private readonly bus: GatedBus;
  private readonly ends: (() => void)[] = [];

  constructor(
    readonly parts: ControlParts,
    private readonly life: number,
  ) {
    const { clock, hub, kinds, keys, build, checkpoints } = parts;
    this.clock = new GatedClock(clock, this.gate);
    this.log = this.openLog();
    this.plane = new ControlPlane({
      ...{ log: this.log, kinds, keys, build, checkpoints, clock: this.clock, soon: this.soon },
      askers: { https: new ScriptedAsker(this.clock, parts.reply) },
      ids: new SeededIds(parts.chance.below(2 ** 31) + life),
      eventsKeptAtStart: EVENTS_KEPT_AT_START,
      endsKeptMs: ENDS_KEPT_MS,
      history: new MemoryHistoryIndex(),
      snapshotEvery: SNAPSHOT_EVERY,
      onFatal: (cause) => this.isAlive && parts.onFatal(cause),
    });
    this.connection = hub.connect(this.name);
    this.bus = new GatedBus(this.connection, this.gate);
  }

  private get name(): string {
    return `${this.parts.name}-${this.life}`;
  }
  get alive(): boolean {
    return this.isAlive;
  }
  get isWriter(): boolean {
    return this.isAlive && this.role?.isHeld === true;
  }
  get isServing(): boolean {
    return this.isAlive && this.backend !== undefined;
  }
  /** It runs and has the bus. */
  get isHeard(): boolean {
    return this.isServing && !this.gate.isStill && this.connection.connected;
  }

  async start(): Promise<void> {
    const { roles } = this.parts;
    const { plane } = this;
    await plane.start();
    if (!this.isAlive) return;
    const here = roles.includes('api') ? this.writing() : undefined;
    await here?.role.start();
    if (!this.isAlive) return;
    const commandsOf = (client: Role): CommandPort =>
      here && !plane.options.log.shared
        ? here.gate.of(client)
        : new CommandRoute({
            ...{ client, bus: this.bus, reads: plane.reads, clock: this.clock, untilShown: client === 'api' },
            ...(here && { here }),
          });
    const heartbeats = new Heartbeats(this.clock);
    plane.reads.onChanges((changes) => heartbeats.observe(changes));
    this.bus.onConnection((connected) => heartbeats.connection(connected));
    const outside = (): OutsideFacts => ({
      caCertificate: 'simulated',
      apiEndpoints: [{ ip: '127.0.0.1', port: 6443 }],
      ...heartbeats.outside(),
    });
    if (roles.includes('health')) this.serveAgents(commandsOf('health'), heartbeats);
    this.backend = new ClusterBackend(plane, commandsOf('api'), this.bus);
    here?.role.whileHeld(() => {
      const runners = plane.run(LOOPS.api, commandsOf('api'), outside);
      return () => plane.end(runners);
    });
    for (const role of roles)
      if (role !== 'api' && role !== 'scaler') plane.run(LOOPS[role], commandsOf(role), outside);
    if (roles.includes('scaler')) this.measure(commandsOf('scaler'), outside);
  }

  /** What a client asks of it. Never answered once the process has died, and not before it goes on when it stands still. */
  ask<T>(question: (backend: ClusterBackend) => Promise<T>): Promise<T> {
    const { backend } = this;
    if (!this.isAlive || !backend) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      this.gate.enter(() => this.gate.pass(question(backend)).then(resolve, reject));
    });
  }

  /** Cut off from the bus, or joined to it again. The log is another connection: it stays. */
  set connected(connected: boolean) {
    if (this.isAlive) this.connection.connected = connected;
  }

  /** SIGKILL: no last words. */
  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.gate.shut();
    this.clock.close();
    for (const end of this.ends) end();
    void this.connection.close();
    this.log.kill();
  }

  /** The writer's role, and what stands before the writer. */
  private writing(): { readonly role: WriterRole; readonly gate: CommandGate } {
    const role = new WriterRole({ plane: this.plane, bus: this.bus, cluster: CLUSTER, say: () => undefined });
    const gate = this.gateBefore(role);
    this.role = role;
    role.listens(() => serveCommands(this.bus, (client, message) => role.take(client, message, gate)));
    this.ends.push(() => role.stop());
    return { role, gate };
  }

  private gateBefore(bare: CommandPort): CommandGate {
    const violated = (message: string): void => this.parts.onViolation('no loop acts on an old view', message);
    const writer = watchedBasis(bare, this.plane.reads.projection, violated);
    // A loop that wants more than its role gives it is a fault of the code.
    const onRefusal = (client: string, { message }: { readonly message: string }): void =>
      this.parts.onFatal(new Bug(`a command of ${client} was refused: ${message}`));
    const { reads } = this.plane;
    return new CommandGate({
      ...{ writer, kinds: this.parts.kinds, authorizer: accessPolicy, loops: LOOPS, onRefusal },
      view: () => reads.projection,
      fresh: () => freshView(reads),
      ready: untilView(reads, isBootstrapped),
    });
  }

  private readonly soon = (work: () => void): void => {
    this.parts.steps.soon(() => this.gate.enter(work));
  };

  private openLog(): MemoryEventLog {
    const { store, steps, clock, log } = this.parts;
    const fate =
      (moment: 'before' | 'after') =>
      (append: AttemptedAppend): AppendFate => {
        if (!this.isAlive) return 'never';
        // Who stands for election has the term only once that is in the log.
        if (append.stream !== WRITER_STREAM) log.onAppend(append.event.metadata.epoch, this.name);
        const drawn = log.appendFate(moment);
        if (drawn !== 'die') return drawn;
        // What was sent to a log on another machine may come there after its sender is gone.
        if (moment === 'before' && log.shared) log.faults.later?.(() => landed(store, append));
        this.die();
        this.parts.onDeath();
        return 'never';
      };
    const { lagMs, faults, appendFate: _appendFate, onAppend: _onAppend, ...form } = log;
    return new MemoryEventLog({
      ...form,
      store,
      schedule: this.soon,
      inStore: steps.soon,
      deliver: (work) => {
        const lag = lagMs();
        if (lag > 0) clock.after(lag, () => this.gate.enter(work));
        else this.soon(work);
      },
      faults: { ...faults, beforeAppend: fate('before'), afterAppendBeforeAck: fate('after') },
    });
  }

  /** The scaler app. */
  private measure(commands: CommandPort, outside: () => OutsideFacts): void {
    const scaler = new Scaler({ reads: this.plane.reads, bus: this.bus, clock: this.clock });
    this.ends.push(serveScaler(this.bus, scaler), () => scaler.stop());
    const facts = (key: string): OutsideFacts => ({ ...outside(), ...measured(scaler.measurementsFor(key)) });
    const [autoscaling] = this.plane.run(LOOPS.scaler, commands, facts);
    if (autoscaling) scaler.wake(autoscaling);
  }

  private serveAgents(commands: CommandPort, heartbeats: Heartbeats): void {
    const { reads, options } = this.plane;
    const { clock } = this;
    const health = new Health({
      ...{ reads, commands, heartbeats, clock, ids: options.ids },
      publish: publishChanges(this.bus),
      signToken: ({ bound }) =>
        Promise.resolve({
          token: `token-of-${bound?.object.uid}`,
          expires: new Date(clock.now() + 3_600_000).toISOString(),
        }),
    });
    this.ends.push(serveHealth(this.bus, health), () => health.stop());
  }
}

/** An append whose writer waits for it no longer is carried out, unless its stream has moved. */
function landed(store: MemoryLogStore, { stream, event, expectedRevision }: AttemptedAppend): void {
  if (store.revision(stream) === expectedRevision) store.add(stream, event);
}
