import type { AppendFate, BusMessage } from '#adapters';
import type { Prng } from '#std';

/** How rough a world is. Every number without a unit is a probability of one thing at one occasion. */
export interface Roughness {
  readonly drop: number;
  readonly duplicate: number;
  readonly delay: number;
  readonly delayMsMax: number;
  readonly appendFails: number;
  /** The writer dies before the append is durable, or after it but before anybody hears. */
  readonly diesBefore: number;
  readonly diesAfter: number;
  /** A process of the control plane dies. */
  readonly dies: number;
  /** A process stands still for a while. */
  readonly pauses: number;
  /** A process stands still for so long that another is started in its place; then it goes on. */
  readonly usurped: number;
  /** How much later a process hears of an event than it was written. */
  readonly lagMsMax: number;
  readonly agentDies: number;
  readonly busLost: number;
  /** How long a node is cut off at most. */
  readonly busLostMsMax: number;
  /** Nodes are cut off one after the other, until most are. */
  readonly cutInTurn: number;
  /** A container ends by itself. */
  readonly crashes: number;
  /** A node's engine tells nothing for a while, or does nothing for a while, or loses all its containers. */
  readonly newsLost: number;
  readonly engineAway: number;
  readonly engineForgets: number;
  /** A process of the control plane is cut off from the bus for a while. */
  readonly controlCutOff: number;
  /** A process writes a checkpoint at this moment; it may be torn. */
  readonly checkpoints: number;
  readonly tornCheckpoints: number;
  /** Nobody can append for a while, for lack of room. */
  readonly logFull: number;
  /** A process cannot reach the log for a while; of what it appends meanwhile, some is carried out afterwards. */
  readonly logAway: number;
  /** Others write to the store of the log. */
  readonly foreign: number;
  /** Somebody sets the wall clock. */
  readonly clockSteps: number;
}
export const CALM: Roughness = {
  drop: 0,
  duplicate: 0,
  delay: 0,
  delayMsMax: 0,
  appendFails: 0,
  diesBefore: 0,
  diesAfter: 0,
  dies: 0,
  pauses: 0,
  usurped: 0,
  lagMsMax: 0,
  agentDies: 0,
  busLost: 0,
  busLostMsMax: 0,
  cutInTurn: 0,
  crashes: 0,
  newsLost: 0,
  engineAway: 0,
  engineForgets: 0,
  controlCutOff: 0,
  checkpoints: 0,
  tornCheckpoints: 0,
  logFull: 0,
  logAway: 0,
  foreign: 0,
  clockSteps: 0,
};

/** What a world is made of, whatever happens in it. */
export interface Shape {
  /** Which apps run in one process; one process for all of them is `standalone`. */
  readonly processes: 'standalone' | 'apart';
  /** How many processes serve the API where apps are apart; one at a time is the writer. */
  readonly apis: number;
  readonly nodeCount: number;
  /** How far positions lie apart at most. */
  readonly gapMax: number;
  /** Twenty minutes in which as much happens as otherwise in two: time for tolerations to run out. */
  readonly isSlow: boolean;
  /** Events may be so few bytes that a large object and its snapshot do not fit in one. */
  readonly eventBytesMax: number;
  /** Milliseconds between two heartbeats of a node; ten seconds where undefined. */
  readonly heartbeatMs?: number;
  /** People define kinds, define them anew and delete their definitions while objects of them are there. */
  readonly hasDefinitions?: boolean;
  /** People make autoscalers, change and delete them, and the demand for their targets comes and goes. */
  readonly hasAutoscalers?: boolean;
  /** People make jobs and CronJobs, change and delete them. */
  readonly hasBatch?: boolean;
  /** People make disruption budgets, change and delete them, and evict pods. */
  readonly hasBudgets?: boolean;
  /** Some targets of autoscalers are of a kind that people have defined, which an operator runs. */
  readonly hasCrews?: boolean;
}

/** Draws how rough a world is: some have one trouble, some have all. */
export function drawRoughness(chance: Prng, { isSlow, processes }: Pick<Shape, 'isSlow' | 'processes'>): Roughness {
  const some = (likely: number, most: number): number => (chance.chance(likely) ? chance.next() * most : 0);
  const isApart = processes === 'apart';
  return {
    drop: some(0.5, 0.1),
    duplicate: some(0.5, 0.2),
    delay: some(0.6, 0.5),
    delayMsMax: 1 + chance.below(4000),
    appendFails: some(0.4, 0.05),
    diesBefore: some(0.5, 0.01),
    diesAfter: some(0.5, 0.01),
    dies: some(0.3, 0.01),
    pauses: some(0.4, 0.02),
    usurped: isApart ? some(0.4, 0.02) : 0,
    lagMsMax: chance.chance(0.5) ? chance.below(isApart ? 2000 : 50) : 0,
    agentDies: some(0.4, 0.02),
    busLost: some(0.4, 0.02),
    busLostMsMax: isSlow ? 900_000 : 90_000,
    cutInTurn: isSlow ? some(0.5, 0.03) : 0,
    crashes: some(0.5, 0.1),
    newsLost: some(0.4, 0.03),
    engineAway: some(0.4, 0.02),
    engineForgets: some(0.3, 0.01),
    controlCutOff: some(0.3, 0.03),
    checkpoints: some(0.7, 0.2),
    tornCheckpoints: some(0.4, 0.5),
    logFull: some(0.3, 0.05),
    logAway: some(0.3, 0.02),
    foreign: some(0.3, 0.5),
    clockSteps: some(0.3, 0.02),
  };
}
export function drawShape(chance: Prng): Shape {
  return {
    processes: chance.chance(0.5) ? 'apart' : 'standalone',
    apis: 1,
    nodeCount: 2 + chance.below(3),
    gapMax: chance.chance(0.4) ? 1 + chance.below(500) : 1,
    isSlow: chance.chance(0.25),
    eventBytesMax: chance.chance(0.3) ? 48 * 1024 : 1024 * 1024,
  };
}

/** The troubles of a world; `heal` ends them all. */
export class Faults {
  constructor(
    private roughness: Roughness,
    private readonly chance: Prng,
  ) {}

  heal(): void {
    this.roughness = CALM;
  }
  get current(): Roughness {
    return this.roughness;
  }

  readonly message = (message: BusMessage): readonly number[] => {
    const { drop, duplicate, delay, delayMsMax } = this.roughness;
    void message;
    if (this.chance.chance(drop)) return [];
    const late = (): number => (this.chance.chance(delay) ? this.chance.below(delayMsMax) : 0);
    return this.chance.chance(duplicate) ? [late(), late()] : [late()];
  };

  readonly append = (moment: 'before' | 'after'): AppendFate | 'die' => {
    const { appendFails, diesBefore, diesAfter } = this.roughness;
    if (this.chance.chance(moment === 'before' ? diesBefore : diesAfter)) return 'die';
    return this.chance.chance(appendFails) ? 'fail' : 'go-on';
  };

  readonly lagMs = (): number => {
    const { lagMsMax } = this.roughness;
    return lagMsMax > 0 && this.chance.chance(0.3) ? this.chance.below(lagMsMax) : 0;
  };
}
