import type { ContainerReading, PodReading } from '#model';
import type { Clock, MeteredContainer, MeteredPod, MeterReading, NodeMeter } from '#ports';

/** What a container would use at a moment. */
export interface FakeLoad {
  /** Thousandths of a processor that its program could keep busy. */
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** It gets no more than this, and is throttled while it would. */
  readonly cpuLimitMilli?: number;
}
export interface FakeMeterOptions {
  readonly clock: Clock;
  /** Undefined: nothing can be read of this container. */
  readonly load: (container: MeteredContainer, pod: MeteredPod) => FakeLoad | undefined;
  readonly cpus?: number;
  readonly memoryBytes?: number;
}
interface Counters {
  at: number;
  usageNanos: number;
  periods: number;
  throttledPeriods: number;
  throttledNanos: number;
}
/** Nobody has read a container for so long: it is gone. */
const FORGET_MS = 3_600_000;
const PERIOD_MS = 100;
const NANOS_PER_MILLI_MS = 1000;

/**
 * A kernel for simulation: counters grow with the load that is programmed, from one reading to the next. It outlives its
 * agent, as a kernel does.
 */
export class FakeMeter implements NodeMeter {
  private readonly counters = new Map<string, Counters>();
  private readonly startedAt: number;

  constructor(private readonly options: FakeMeterOptions) {
    this.startedAt = options.clock.now();
  }

  read(pods: readonly MeteredPod[]): MeterReading {
    // A kernel counts on whoever reads, and two agents may for a while: what one of them does not ask about is not gone.
    const now = this.options.clock.monotonic();
    for (const [id, { at }] of this.counters) if (now - at > FORGET_MS) this.counters.delete(id);
    const readings = pods.map((pod): PodReading => {
      const { uid, namespace, name, startedAt } = pod;
      const containers = pod.containers.flatMap((container) =>
        container.role === 'infra' ? [] : (this.container(container, pod) ?? []),
      );
      return { uid, namespace, name, startedAt, containers };
    });
    const containers = readings.flatMap((pod) => pod.containers);
    const sum = (of: (container: ContainerReading) => number | undefined): number =>
      containers.reduce((total, container) => total + (of(container) ?? 0), 0);
    const memory = sum((container) => container.memory?.usage);
    return {
      machine: {
        startedAt: this.startedAt,
        cpus: this.options.cpus ?? 4,
        memoryBytes: this.options.memoryBytes ?? 8 * 2 ** 30,
        cpu: { usageNanos: this.machineNanos },
        memory: { usage: memory, workingSet: memory, rss: memory },
      },
      pods: readings.filter((pod) => pod.containers.length > 0),
      sandboxes: new Map(),
    };
  }
  close(): void {
    // It outlives its agent.
  }

  private machineNanos = 0;
  private container(container: MeteredContainer, pod: MeteredPod): ContainerReading | undefined {
    const load = this.options.load(container, pod);
    if (load === undefined) return undefined;
    const { id, name, startedAt } = container;
    const { usageNanos, ...throttling } = this.counted(id, load);
    const { memoryBytes, cpuLimitMilli } = load;
    return {
      id,
      name,
      startedAt,
      cpu: { usageNanos, ...(cpuLimitMilli !== undefined && { limitMilli: cpuLimitMilli, ...throttling }) },
      memory: { usage: memoryBytes, workingSet: memoryBytes, rss: memoryBytes },
    };
  }
  private counted(id: string, { cpuMilli, cpuLimitMilli = Infinity }: FakeLoad): Omit<Counters, 'at'> {
    const now = this.options.clock.monotonic();
    const before = this.counters.get(id);
    const start = { at: now, usageNanos: 0, periods: 0, throttledPeriods: 0, throttledNanos: 0 };
    const counters = before ?? start;
    this.counters.set(id, counters);
    const passedMs = now - counters.at;
    counters.at = now;
    const used = Math.min(cpuMilli, cpuLimitMilli) * passedMs * NANOS_PER_MILLI_MS;
    counters.usageNanos += used;
    this.machineNanos += used;
    const periods = Math.floor(passedMs / PERIOD_MS);
    counters.periods += periods;
    if (cpuMilli > cpuLimitMilli) {
      counters.throttledPeriods += periods;
      // The kernel adds up the time of all processors on which its tasks were held back.
      counters.throttledNanos += (cpuMilli - cpuLimitMilli) * passedMs * NANOS_PER_MILLI_MS;
    }
    const { at: _at, ...counted } = counters;
    return counted;
  }
}
