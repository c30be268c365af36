import type { ContainerReading, NodeSample } from '#model';

/** A rise: half as much again as in the interval before, and a twentieth of a processor more, in nanoseconds for each millisecond. */
const ROSE_BY_SHARE = 0.5;
const ROSE_BY = 50_000;

interface Counted {
  sequence: number;
  ticksMs: number;
  demandNanos: number;
  /** For each millisecond of the interval before; undefined before there was one. */
  rate: number | undefined;
}

/**
 * Tells in which samples the load of a container has risen: what it used, and what it would have used and was held back from. Whoever
 * autoscales believes a rise once two intervals in a row say it, so the next one should not be long.
 */
export class Rises {
  private readonly containers = new Map<string, Counted>();

  /** Takes the next sample. True if a container's load has risen since the one before. */
  take({ sequence, ticksMs, pods }: NodeSample): boolean {
    let isRise = false;
    for (const { containers } of pods)
      for (const container of containers) isRise = this.takeContainer(container, sequence, ticksMs) || isRise;
    for (const [id, counted] of this.containers) if (counted.sequence !== sequence) this.containers.delete(id);
    return isRise;
  }

  private takeContainer(container: ContainerReading, sequence: number, ticksMs: number): boolean {
    const demandNanos = demandOf(container);
    if (demandNanos === undefined) return false;
    const known = this.containers.get(container.id);
    if (known === undefined) {
      this.containers.set(container.id, { sequence, ticksMs, demandNanos, rate: undefined });
      return false;
    }
    const before = known.rate;
    const rate = (demandNanos - known.demandNanos) / (ticksMs - known.ticksMs);
    known.sequence = sequence;
    known.ticksMs = ticksMs;
    known.demandNanos = demandNanos;
    // A counter that began anew, or a clock that stood still, says nothing about the load.
    known.rate = rate >= 0 && rate < Infinity ? rate : undefined;
    return before !== undefined && known.rate !== undefined && known.rate > before * (1 + ROSE_BY_SHARE) + ROSE_BY;
  }
}

function demandOf({ cpu }: ContainerReading): number | undefined {
  if (cpu === undefined) return undefined;
  return cpu.usageNanos + Math.max(cpu.throttledNanos ?? 0, cpu.pressureNanos ?? 0);
}
