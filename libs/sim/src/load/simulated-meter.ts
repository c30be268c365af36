import type { ContainerReading, MachineReading, NodeSample, PodReading } from '#model';
import type { RuntimeContainer } from '#ports';
import type { Prng } from '#std';
import type { Loads } from './loads.js';

export interface SimulatedMeterParts {
  readonly node: string;
  readonly loads: Loads;
  readonly chance: Prng;
  readonly misreadings: () => Misreadings;
  /** Containers of this node and, for a node that lies, those of all others. */
  readonly containers: () => readonly RuntimeContainer[];
  readonly foreign: () => readonly RuntimeContainer[];
  readonly now: () => number;
  readonly monotonic: () => number;
}
/** What may be wrong with a sample; each a probability. */
export interface Misreadings {
  /** A frame of bytes without a meaning. */
  readonly garbage: number;
  /** A counter that no machine can have reached, or one that the wire has no form for. */
  readonly absurd: number;
  /** Counters of a container begin anew, though it did not. */
  readonly back: number;
  /** Pods of other nodes, with a load that they do not have. */
  readonly stranger: number;
  /** The node's wall clock is set. */
  readonly clockSteps: number;
}
export const NO_MISREADINGS: Misreadings = { garbage: 0, absurd: 0, back: 0, stranger: 0, clockSteps: 0 };
export function drawMisreadings(chance: Prng): Misreadings {
  const some = (most: number): number => (chance.chance(0.4) ? chance.next() * most : 0);
  return { garbage: some(0.1), absurd: some(0.1), back: some(0.05), stranger: some(0.5), clockSteps: some(0.1) };
}

const CPUS = 2;
const MEMORY_BYTES = 4 * 2 ** 30;
const NANOS_MAX = Number.MAX_SAFE_INTEGER;
const CLOCK_STEP_MS_MAX = 3_600_000;

/** What the kernel of a node counts, and what a broken or hostile node says instead. */
export class SimulatedMeter {
  private readonly floors = new Map<string, number>();
  private clockOffset = 0;

  constructor(private readonly parts: SimulatedMeterParts) {}

  read(): Omit<NodeSample, 'boot' | 'sequence'> {
    const { node, chance, containers, foreign, now, monotonic } = this.parts;
    const wrong = this.parts.misreadings();
    if (chance.chance(wrong.clockSteps)) this.clockOffset = chance.below(2 * CLOCK_STEP_MS_MAX) - CLOCK_STEP_MS_MAX;
    const pods = podsOf(containers(), (container) => this.container(container));
    const strange = chance.chance(wrong.stranger) ? podsOf(foreign(), (container) => this.invented(container)) : [];
    const all = [...pods, ...strange];
    const usageNanos = pods.reduce((sum, pod) => sum + (pod.containers[0]?.cpu?.usageNanos ?? 0), 0);
    const machine: MachineReading = {
      ...{ startedAt: 0, cpus: CPUS, memoryBytes: MEMORY_BYTES, cpu: { usageNanos } },
      memory: { usage: 2 ** 30, workingSet: 2 ** 30, rss: 2 ** 30 },
    };
    return { node, at: Math.max(0, now() + this.clockOffset), ticksMs: monotonic(), machine, pods: all };
  }
  /** Some frame that was made of a sample, or what arrives instead. */
  frame(frame: Uint8Array): Uint8Array {
    const { chance } = this.parts;
    if (!chance.chance(this.parts.misreadings().garbage)) return frame;
    const cut = frame.slice(0, chance.below(frame.length));
    return chance.chance(0.5) ? cut : frame.map(() => chance.below(256));
  }

  private container(container: RuntimeContainer): ContainerReading {
    const { loads, chance } = this.parts;
    const wrong = this.parts.misreadings();
    const load = loads.read(container.labels.uid, container.id);
    if (chance.chance(wrong.back)) this.floors.set(container.id, load.usageNanos);
    const usageNanos = chance.chance(wrong.absurd)
      ? chance.pick([-1, NaN, NANOS_MAX, Infinity])
      : Math.max(0, load.usageNanos - (this.floors.get(container.id) ?? 0));
    const { limitMilli, periods, throttledPeriods, throttledNanos, workingSetBytes } = load;
    return {
      ...identity(container),
      cpu: {
        usageNanos,
        ...(limitMilli !== undefined && { limitMilli, periods, throttledPeriods, throttledNanos }),
      },
      memory: { usage: workingSetBytes, workingSet: workingSetBytes, rss: workingSetBytes },
    };
  }
  /** Of a pod that another node runs: busy all the time. */
  private invented(container: RuntimeContainer): ContainerReading {
    const usageNanos = this.parts.monotonic() * 1_000_000;
    const memory = { usage: 2 ** 31, workingSet: 2 ** 31, rss: 2 ** 31 };
    return { ...identity(container), cpu: { usageNanos }, memory };
  }
}

function identity({
  id,
  labels,
  startedAt = 0,
}: RuntimeContainer): Pick<ContainerReading, 'id' | 'name' | 'startedAt'> {
  return { id, name: labels.container, startedAt };
}
function podsOf(
  containers: readonly RuntimeContainer[],
  read: (container: RuntimeContainer) => ContainerReading,
): readonly PodReading[] {
  return containers.map((container) => {
    const { uid, namespace, pod } = container.labels;
    return { uid, namespace, name: pod, startedAt: container.createdAt, containers: [read(container)] };
  });
}
