import { FakeMeter } from '#adapters';
import type { ContainerReading, PodReading } from '#model';
import type { Clock, MeteredPod, MeterReading, NodeMeter, RuntimeContainer } from '#ports';
import type { Prng } from '#std';
import { memoryAt, type Loads } from './loads.js';

export interface SimulatedMeterParts {
  readonly clock: Clock;
  readonly loads: Loads;
  readonly chance: Prng;
  readonly misreadings: () => Misreadings;
  /** Containers of all other nodes, of which a node that lies speaks. */
  readonly foreign: () => readonly RuntimeContainer[];
}
/** What may be wrong with what a node says; each a probability. */
export interface Misreadings {
  /** A frame of bytes without a meaning. */
  readonly garbage: number;
  /** A counter that no machine can have reached, or one that the wire has no form for. */
  readonly absurd: number;
  /** Counters of a container begin anew, though it did not. */
  readonly back: number;
  /** Pods of other nodes, with a load that they do not have. */
  readonly stranger: number;
  /** Somebody sets the wall clock of a node by some seconds, in a moment of trouble. */
  readonly clockSets: number;
}
export const NO_MISREADINGS: Misreadings = { garbage: 0, absurd: 0, back: 0, stranger: 0, clockSets: 0 };
export function drawMisreadings(chance: Prng): Misreadings {
  const some = (most: number): number => (chance.chance(0.4) ? chance.next() * most : 0);
  return { garbage: some(0.1), absurd: some(0.1), back: some(0.05), stranger: some(0.5), clockSets: some(0.2) };
}

const CPUS = 2;
const MEMORY_BYTES = 4 * 2 ** 30;
const NANOS_MAX = Number.MAX_SAFE_INTEGER;
const NANOS_PER_MS = 1_000_000;
/** After so many readings somebody has surely heard that a counter was above zero. */
const READINGS_BEFORE_BACK = 3;

/** The kernel of a node that counts the load of its world, and what a broken or hostile node reads instead. It outlives its agent. */
export class SimulatedMeter implements NodeMeter {
  private readonly kernel: FakeMeter;
  private readonly floors = new Map<string, number>();
  /** By container: how many readings ago its counter was at zero, because it had begun, or begun anew. */
  private readonly sinceZero = new Map<string, number>();

  constructor(private readonly parts: SimulatedMeterParts) {
    const { clock, loads } = parts;
    this.kernel = new FakeMeter({
      ...{ clock, cpus: CPUS, memoryBytes: MEMORY_BYTES },
      load: (_container, { uid }) => {
        const { askedMilli, workedMilli, limitMilli } = loads.work(uid);
        const limit = limitMilli === undefined ? {} : { cpuLimitMilli: limitMilli };
        return { cpuMilli: askedMilli, memoryBytes: memoryAt(workedMilli), ...limit };
      },
    });
  }

  read(pods: readonly MeteredPod[]): MeterReading {
    const { chance, foreign, misreadings } = this.parts;
    const { stranger, back, absurd } = misreadings();
    const reading = this.kernel.read(pods);
    const own = reading.pods.map((pod): PodReading => ({
      ...pod,
      containers: pod.containers.map((container) => this.misread(container, { back, absurd })),
    }));
    const strange = chance.chance(stranger) ? foreign().map((container) => this.invented(container)) : [];
    return { ...reading, pods: [...own, ...strange] };
  }
  close(): void {
    // It outlives its agent.
  }
  /** The frame of a sample, or what is sent instead. */
  frame(frame: Uint8Array): Uint8Array {
    const { chance } = this.parts;
    if (!chance.chance(this.parts.misreadings().garbage)) return frame;
    return chance.chance(0.5) ? frame.slice(0, chance.below(frame.length)) : frame.map(() => chance.below(256));
  }

  private misread(
    container: ContainerReading,
    { back, absurd }: Pick<Misreadings, 'back' | 'absurd'>,
  ): ContainerReading {
    const { chance } = this.parts;
    const { id, cpu } = container;
    const counted = cpu?.usageNanos ?? 0;
    const readings = this.sinceZero.get(id) ?? 0;
    // From zero to zero, with what is between them lost, it would be that of a container that does nothing, for whoever reads it.
    const isBack = chance.chance(back) && readings >= READINGS_BEFORE_BACK;
    if (isBack) this.floors.set(id, counted);
    const shown = Math.max(0, counted - (this.floors.get(id) ?? 0));
    this.sinceZero.set(id, shown === 0 ? 0 : readings + 1);
    const usageNanos = chance.chance(absurd) ? chance.pick([-1, NaN, NANOS_MAX, Infinity]) : shown;
    return { ...container, cpu: { ...cpu, usageNanos } };
  }
  /** Of a pod that another node runs: busy all the time. */
  private invented({ id, labels, startedAt = 0, createdAt }: RuntimeContainer): PodReading {
    const usageNanos = this.parts.clock.monotonic() * NANOS_PER_MS;
    const memory = { usage: 2 ** 31, workingSet: 2 ** 31, rss: 2 ** 31 };
    const { uid, namespace, pod, container } = labels;
    const containers = [{ id, name: container, startedAt, cpu: { usageNanos }, memory }];
    return { uid, namespace, name: pod, startedAt: createdAt, containers };
  }
}
