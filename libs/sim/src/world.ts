import { MemoryBusHub, MemoryLogStore, VirtualClock, type Reply } from '#adapters';
import { eventCodec, type Projection } from '#engine';
import { registry } from '#kinds';
import type { HttpsQuestion } from '#model';
import { prng, type Instant, type Prng } from '#std';
import { EventChecks } from './checkers/event-checks.js';
import { onlyTheSilentAreLeft } from './checkers/evictions.js';
import { rolloutBoundsHeld } from './checkers/rollout.js';
import { customObjectsAreDefined } from './checkers/custom-objects.js';
import { onlyTheReadyAreListed } from './checkers/slices.js';
import { budgetsAreKept } from './checkers/budgets.js';
import { jobsAreSound } from './checkers/jobs.js';
import { sizesAreSound } from './checkers/sizes.js';
import { Deletions } from './checkers/stopping.js';
import type { EventChecker, Violation } from './checkers/checker.js';
import { ENDS_KEPT_MS } from './control-process.js';
import { DecodedLog } from './decoded-log.js';
import { Ledger } from './ledger.js';
import { RefusedWrites } from './checkers/refused-writes.js';
import { Observations } from './observations.js';
import { Readers } from './readers.js';
import { Autoscaling } from './autoscaling.js';
import { Batch } from './batch.js';
import { Budgets } from './budgets.js';
import { Crews } from './crews.js';
import { Definers } from './definers.js';
import { Faults, type Roughness, type Shape } from './faults.js';
import { simulatedKeys } from './keys.js';
import { Loads } from './load/loads.js';
import { Adapters } from './load/adapters.js';
import { drawMisreadings, NO_MISREADINGS, SimulatedMeter } from './load/simulated-meter.js';
import { SignsOfLife } from './signs-of-life.js';
import { SimulatedNode, type SimulatedNodeParts } from './simulated-node.js';
import { Slots } from './slots.js';
import { Steps } from './steps.js';
import { Swarm } from './swarm.js';
import { ClockSteps } from './clock-steps.js';

/** 2026-01-01T00:00:00Z: where every world begins. */
const GENESIS: Instant = Date.UTC(2026, 0, 1);

/** A cluster in one process: the same kinds, loops, engine and agents as outside, with time and trouble drawn from a seed. */
export class World {
  readonly clock = new VirtualClock(GENESIS);
  readonly store: MemoryLogStore;
  readonly chance: Prng;
  readonly steps: Steps;
  readonly faults: Faults;
  readonly hub: MemoryBusHub;
  readonly slots: Slots;
  readonly nodes: readonly SimulatedNode[];
  readonly swarm: Swarm;
  /** Only in worlds with definitions. */
  readonly definers: Definers | undefined;
  /** Only in worlds with autoscalers. */
  readonly autoscaling: Autoscaling | undefined;
  readonly batch: Batch | undefined;
  readonly budgets: Budgets | undefined;
  readonly loads = new Loads(() => this.clock.monotonic());
  readonly ledger: Ledger;
  /** What clients were told is not done. */
  readonly refused = new RefusedWrites();
  readonly readers: Readers;
  readonly observations: Observations;
  private readonly metering: SimulatedNodeParts['metering'];
  private misreadings = NO_MISREADINGS;
  private readonly nodeClocks: Prng;
  readonly signs = new SignsOfLife(() => this.clock.monotonic());
  readonly checks: EventChecks;
  readonly violations: Violation[] = [];
  /** What webhooks do with a question: nothing, unless a world has some. */
  webhook: (question: HttpsQuestion) => Reply = () => ({ afterMs: 0, answer: 'never' });
  private readonly clockSteps = new ClockSteps(this.clock);

  constructor(
    readonly seed: number,
    readonly shape: Shape,
    roughness: Roughness,
  ) {
    this.chance = prng(seed);
    this.nodeClocks = prng(seed ^ NODE_CLOCKS);
    this.steps = new Steps(this.clock, this.chance);
    this.faults = new Faults(roughness, this.chance);
    this.hub = new MemoryBusHub(this.clock);
    this.hub.fate = this.faults.message;
    this.hub.onDelivery = ({ from, subject }) => {
      if (/^(heartbeat|report)\./.test(subject)) this.signs.note(from);
    };
    this.store = new MemoryLogStore({ step: () => (shape.gapMax > 1 ? 1 + this.chance.below(shape.gapMax) : 1) });
    this.checks = new EventChecks(new DecodedLog(this.store, eventCodec(registry, simulatedKeys)), ENDS_KEPT_MS, [
      onlyTheSilentAreLeft(this.signs, (time) => this.clockSteps.momentOf(time)),
      onlyTheReadyAreListed(),
      customObjectsAreDefined,
      rolloutBoundsHeld(() => ({ wallSteps: this.clockSteps.all })),
      ...(shape.hasBatch ? [jobsAreSound()] : []),
      ...(shape.hasBudgets ? [budgetsAreKept((time) => this.clockSteps.momentOf(time))] : []),
      ...(shape.hasAutoscalers ? this.sizes() : []),
    ]);
    const { clock, hub, chance, faults, store, steps } = this;
    const violated = (checker: string, message: string): void => this.violated(checker, message);
    const reply = (question: HttpsQuestion): Reply => this.webhook(question);
    this.slots = new Slots({ shape, store, hub, clock, steps, chance, faults, reply, onViolation: violated });
    this.metering = shape.hasAutoscalers ? this.newMetering() : undefined;
    const deletions = new Deletions(store);
    this.nodes = Array.from(
      { length: shape.nodeCount },
      (_, i) =>
        new SimulatedNode(`node-${i + 1}`, {
          ...{ hub, clock, chance, heartbeatMs: shape.heartbeatMs },
          mayStop: (uid) => deletions.has(uid),
          onViolation: (message) => violated('no container is stopped without a deletion', message),
          onBug: (cause) => violated('the agent goes on', String(cause instanceof Error ? cause.stack : cause)),
          ...(this.metering && { metering: this.metering }),
        }),
    );
    this.swarm = new Swarm({
      chance,
      slots: this.slots,
      refused: this.refused,
      nodes: this.nodes.map((node) => node.name),
      largeBytes: Math.floor(shape.eventBytesMax * LARGE),
    });
    this.ledger = new Ledger(chance, this.slots, this.refused);
    this.observations = new Observations(() => store.events);
    this.readers = new Readers(chance, this.slots, this.observations, shape.hasDefinitions);
    this.definers = shape.hasDefinitions ? new Definers(chance, this.slots, this.swarm) : undefined;
    const { slots, swarm, loads } = this;
    const hasCrews = shape.hasAutoscalers === true && shape.hasCrews === true;
    this.autoscaling = shape.hasAutoscalers
      ? new Autoscaling({ chance: prng(seed ^ AUTOSCALING), slots, swarm, loads, hasCrews })
      : undefined;
    this.batch = shape.hasBatch ? new Batch({ chance: prng(seed ^ BATCH_CHANCE), slots, swarm }) : undefined;
    this.budgets = shape.hasBudgets ? new Budgets({ chance: prng(seed ^ BUDGETS_CHANCE), slots, swarm }) : undefined;
    if (hasCrews) new Crews({ chance: prng(seed ^ CREW_CHANCE), clock, slots, swarm }).start();
    if (shape.hasAutoscalers)
      new Adapters({
        ...{ bus: hub.connect('adapters'), clock, loads: this.loads, chance: prng(seed ^ ADAPTERS) },
        ...{ view: () => this.checks.replayed, isHealed: () => this.isHealed },
      });
    this.steps.onStep = () => this.checks.catchUp();
  }

  get view(): Projection {
    return this.slots.api.process.plane.reads.projection;
  }

  async start(): Promise<void> {
    for (const slot of this.slots.all) slot.launch();
    for (const node of this.nodes) node.startAgent();
    await this.run(10_000);
  }

  /** Lets so much time go by. */
  async run(ms: number): Promise<void> {
    await this.steps.run(ms);
  }

  /** What clients do in one moment. */
  act(): void {
    const { chance } = this;
    if (chance.chance(0.7)) this.swarm.act();
    for (let i = 0; i < LEDGER_ACTS_MAX; i++) if (chance.chance(0.5)) void this.ledger.act().catch(() => undefined);
    if (chance.chance(0.4)) this.readers.act();
    for (let i = 0; this.definers && i < DEFINER_ACTS_MAX; i++) if (chance.chance(0.5)) this.definers.act();
    if (this.autoscaling && chance.chance(0.6)) this.autoscaling.act();
    this.batch?.act();
    this.budgets?.act();
  }
  /** What befalls everything in one moment of trouble. */
  trouble(): void {
    const { chance, slots } = this;
    const { current } = this.faults;
    slots.trouble();
    for (const node of this.nodes) {
      if (chance.chance(current.crashes)) node.crashSome();
      if (chance.chance(current.newsLost)) node.loseNews(chance.below(60_000));
      if (chance.chance(current.engineAway)) node.loseEngine(chance.below(60_000));
      if (chance.chance(current.engineForgets)) node.loseContainers();
      if (chance.chance(current.agentDies)) node.killAgent(chance.below(20_000));
      if (chance.chance(current.busLost)) node.loseBus(chance.below(current.busLostMsMax));
    }
    for (const node of this.metering ? this.nodes : [])
      if (this.nodeClocks.chance(this.misreadings.clockSets)) node.setClock(-this.nodeClocks.below(NODE_CLOCK_MS_MAX));
    if (chance.chance(current.cutInTurn)) this.cutInTurn();
    if (chance.chance(current.clockSteps)) this.setClock(chance.below(2 * CLOCK_STEP_MS_MAX) - CLOCK_STEP_MS_MAX);
    // Who could not be heard because nobody listened was not silent.
    for (const node of this.nodes) if (node.isUp && !slots.isListening) this.signs.note(node.name);
  }
  heal(): void {
    this.faults.heal();
    this.misreadings = NO_MISREADINGS;
    this.slots.heal();
    for (const node of this.nodes) node.heal();
  }

  private newMetering(): SimulatedNodeParts['metering'] {
    const { loads, clock } = this;
    const chance = prng(this.seed ^ METERING);
    this.misreadings = drawMisreadings(chance);
    const others = (name: string) => this.nodes.filter((one) => one.name !== name);
    return {
      everyMs: chance.pick(MEASURED_EVERY_MS),
      meter: (node) =>
        new SimulatedMeter({
          ...{ clock, loads, chance, misreadings: () => this.misreadings },
          foreign: () => others(node).flatMap((one) => one.runningApps()),
        }),
    };
  }
  private sizes(): readonly EventChecker[] {
    const { loads, clockSteps } = this;
    const momentOf = (time: string): number => clockSteps.momentOf(time);
    return [loads.follower, sizesAreSound({ loads, momentOf, isSet: () => clockSteps.all.length > 0 })];
  }
  private setClock(by: number): void {
    this.clockSteps.note(by);
    this.clock.step(by);
  }
  /** All nodes but one fall silent, each some seconds after the one before. */
  private cutInTurn(): void {
    const { chance, clock } = this;
    let ms = 0;
    for (const node of this.nodes.slice(chance.below(2))) {
      clock.after(ms, () => !this.isHealed && node.loseBus(600_000 + chance.below(600_000)));
      ms += chance.below(60_000);
    }
  }
  get isHealed(): boolean {
    return this.faults.current.busLostMsMax === 0;
  }

  violated(checker: string, message: string): void {
    this.violations.push({ checker, message, position: this.store.head });
  }
}

/** Somebody sets the clock forward or back by so much at most. */
const CLOCK_STEP_MS_MAX = 3_600_000;
/** So many at one moment meet. */
const LEDGER_ACTS_MAX = 2;
const DEFINER_ACTS_MAX = 3;
/** Drawn apart, so that worlds without autoscalers are what they were. */
const AUTOSCALING = 0x5ca1e;
const ADAPTERS = 0xada97;
const METERING = 0x3e7e4;
const CREW_CHANCE = 0xc4e35;
const BATCH_CHANCE = 0xba7c4;
const BUDGETS_CHANCE = 0xb4d6;
const NODE_CLOCKS = 0x7ac7c;
/**
 * The wall clock of a node is so much behind at most: a kernel's counters do not know, and those who divide by it see another load. (What a node
 * dates ahead of everybody counts as recorded before a step of all clocks.)
 */
const NODE_CLOCK_MS_MAX = 5000;
const MEASURED_EVERY_MS = [1000, 2000, 5000, 10_000];
/** How much of an event a large object takes: alone it fits, twice it does not. */
const LARGE = 0.6;
