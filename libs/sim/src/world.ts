import { MemoryBusHub, MemoryEventLog, MemoryLogStore, SeededIds, VirtualClock } from '#adapters';
import { eventCodec, ControlPlane, type Projection } from '#engine';
import { registry } from '#kinds';
import type { Command, CommandResult } from '#model';
import { prng, type Instant, type Prng } from '#std';
import { MemoryCheckpoints } from './checkpoints.js';
import { EventChecks } from './checkers/event-checks.js';
import { Deletions } from './checkers/stopping.js';
import type { Violation } from './checkers/checker.js';
import { BUILD, ControlProcess, ENDS_KEPT_MS } from './control-process.js';
import { DecodedLog } from './decoded-log.js';
import { Faults, type Roughness } from './faults.js';
import { simulatedKeys } from './keys.js';
import { SimulatedNode } from './simulated-node.js';
import { Steps } from './steps.js';
import { Swarm } from './swarm.js';

/** 2026-01-01T00:00:00Z: where every world begins. */
const GENESIS: Instant = Date.UTC(2026, 0, 1);

/** A cluster in one process: the same kinds, loops, engine and agents as outside, with time and trouble drawn from a seed. */
export class World {
  readonly clock = new VirtualClock(GENESIS);
  readonly store = new MemoryLogStore();
  readonly chance: Prng;
  readonly steps: Steps;
  readonly faults: Faults;
  readonly hub: MemoryBusHub;
  readonly nodes: readonly SimulatedNode[];
  readonly swarm: Swarm;
  readonly checkpoints: MemoryCheckpoints;
  readonly checks: EventChecks;
  readonly violations: Violation[] = [];
  private control: ControlProcess;
  private life = 0;

  constructor(
    readonly seed: number,
    roughness: Roughness,
    nodeCount = 3,
  ) {
    this.chance = prng(seed);
    this.steps = new Steps(this.clock, this.chance);
    this.faults = new Faults(roughness, this.chance);
    this.hub = new MemoryBusHub(this.clock);
    this.hub.fate = this.faults.message;
    this.checkpoints = new MemoryCheckpoints(() => this.chance.chance(this.faults.current.tornCheckpoints));
    this.checks = new EventChecks(
      new DecodedLog(this.store, eventCodec(registry, simulatedKeys)),
      registry,
      ENDS_KEPT_MS,
    );
    const deletions = new Deletions(this.store);
    this.nodes = Array.from(
      { length: nodeCount },
      (_, i) =>
        new SimulatedNode(`node-${i + 1}`, {
          hub: this.hub,
          clock: this.clock,
          chance: this.chance,
          mayStop: (uid) => deletions.has(uid),
          onViolation: (message) => this.violated('no container is stopped without a deletion', message),
          onBug: (cause) => this.violated('the agent goes on', String(cause instanceof Error ? cause.stack : cause)),
        }),
    );
    this.swarm = new Swarm({
      chance: this.chance,
      submit: (command) => this.submit(command),
      view: () => this.view,
      nodes: this.nodes.map((node) => node.name),
    });
    this.steps.onStep = () => this.checks.catchUp();
    this.control = this.newLife();
  }

  get view(): Projection {
    return this.control.plane.reads.projection;
  }
  get isServing(): boolean {
    return this.control.isServing;
  }

  async start(): Promise<void> {
    this.launch();
    for (const node of this.nodes) node.startAgent();
    await this.run(10_000);
  }

  submit(command: Command): Promise<CommandResult> {
    return this.control.submit(command);
  }

  /** Lets so much time go by. */
  async run(ms: number): Promise<void> {
    await this.steps.run(ms);
  }

  /** SIGKILL of the control plane; it comes back after a while. */
  killControl(): void {
    this.control.die();
    this.control = this.newLife();
    this.clock.after(this.chance.below(5000), () => this.launch());
  }

  /** The control plane hears nobody and nobody hears it, for a while. */
  cutOffControl(ms: number): void {
    const { control } = this;
    control.connected = false;
    this.clock.after(ms, () => (control.connected = true));
  }
  heal(): void {
    this.faults.heal();
    this.control.connected = true;
    for (const node of this.nodes) node.heal();
  }

  /** Writes a checkpoint in the midst of it. */
  checkpoint(): void {
    if (this.isServing) this.control.plane.reads.checkpoint();
  }
  /** What a process sees that starts now from the newest checkpoint. */
  async reopened(): Promise<Projection> {
    const { store, steps, clock, checkpoints } = this;
    const plane = new ControlPlane({
      log: new MemoryEventLog({ store, schedule: steps.soon }),
      ...{ kinds: registry, keys: simulatedKeys, clock, checkpoints, build: BUILD, soon: steps.soon },
      endsKeptMs: ENDS_KEPT_MS,
      ids: new SeededIds(1),
      onFatal: (cause) => this.violated('a process starts from a checkpoint', String(cause)),
    });
    const started = plane.start();
    await this.run(1000);
    await started;
    await plane.stop();
    return plane.reads.projection;
  }

  private newLife(): ControlProcess {
    const { store, hub, clock, steps, chance, faults, checkpoints } = this;
    return new ControlProcess(
      {
        store,
        hub,
        clock,
        steps,
        chance,
        kinds: registry,
        keys: simulatedKeys,
        checkpoints,
        appendFate: faults.append,
        onDeath: () => this.killControl(),
        onFatal: (cause) =>
          this.violated('the control plane goes on', String(cause instanceof Error ? cause.stack : cause)),
      },
      this.life++,
    );
  }

  private launch(): void {
    const control = this.control;
    control.start().catch((cause: unknown) => {
      if (control === this.control)
        this.violated('the control plane starts', String(cause instanceof Error ? cause.stack : cause));
    });
  }

  private violated(checker: string, message: string): void {
    this.violations.push({ checker, message, position: this.store.events.at(-1)?.position ?? 0 });
  }
}
