import type { PodFigure } from '#model';
import type { PodGroups } from './pods.js';

/** How far a ratio may be from 1 without a change of the size. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}
export function isWithin(ratio: number, { up, down }: Tolerances): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

/** A size with what it was calculated from. */
export interface Size {
  readonly replicas: number;
  /** Average over the pods that were measured, in thousandths. */
  readonly average: bigint;
  /** In percent of what is requested, where the target is. */
  readonly utilization?: number;
  readonly ratio: number;
}
type Usage = Omit<Size, 'replicas'>;

/** How figures compare with a target. */
export interface Measure {
  /** A sentence where they cannot be compared. */
  usage(values: ReadonlyMap<string, bigint>): Usage | string;
  /** What a pod without a figure is taken to use on the way down. */
  missing(pod: string): bigint;
}

const INT32_MAX = 2 ** 31 - 1;
/** So many pods that each has what the target says. */
export function rounded(replicas: number): number {
  return Math.min(Math.ceil(replicas), INT32_MAX);
}

/**
 * The size at which each pod would have what the target says. Pods that are not ready or have no figure change how far it goes, never the
 * direction: on the way up they count as idle, on the way down those without a figure as loaded.
 */
export function sizeBy(
  measure: Measure,
  groups: PodGroups,
  given: {
    readonly figures: ReadonlyMap<string, PodFigure>;
    readonly current: number;
    readonly tolerances: Tolerances;
  },
): Size | string {
  const { current, tolerances } = given;
  const { ready, unready, missing } = groups;
  const left = new Set([...groups.ignored, ...unready]);
  const values = new Map<string, bigint>();
  for (const [pod, [milli]] of given.figures) if (!left.has(pod)) values.set(pod, BigInt(milli));
  if (values.size === 0) return 'did not receive metrics for targeted pods (pods might be unready)';
  const usage = measure.usage(values);
  if (typeof usage === 'string') return usage;
  const { ratio } = usage;
  const stay: Size = { ...usage, replicas: current };
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0)
    return isWithin(ratio, tolerances) ? stay : { ...usage, replicas: rounded(ratio * ready) };

  if (ratio < 1) for (const pod of missing) values.set(pod, measure.missing(pod));
  if (ratio > 1) for (const pod of missing) values.set(pod, 0n);
  if (countsUnready) for (const pod of unready) values.set(pod, 0n);
  const guessed = measure.usage(values);
  if (typeof guessed === 'string') return guessed;
  const turns = (ratio < 1 && guessed.ratio > 1) || (ratio > 1 && guessed.ratio < 1);
  if (turns || isWithin(guessed.ratio, tolerances)) return stay;
  const replicas = rounded(guessed.ratio * values.size);
  const isAgainst = (guessed.ratio < 1 && replicas > current) || (guessed.ratio > 1 && replicas < current);
  return isAgainst ? stay : { ...usage, replicas };
}

/** A percentage of what the pods request. */
export function utilizationMeasure(requests: ReadonlyMap<string, bigint>, target: number): Measure {
  return {
    usage(values) {
      let [used, requested, count] = [0n, 0n, 0n];
      for (const [pod, value] of values) {
        const request = requests.get(pod);
        if (request === undefined) continue;
        used += value;
        requested += request;
        count++;
      }
      if (requested === 0n) return 'no metrics returned matched known pods';
      const utilization = Number((used * 100n) / requested);
      return { ratio: utilization / target, utilization, average: used / count };
    },
    missing: (pod) => ((requests.get(pod) ?? 0n) * BigInt(Math.max(100, target))) / 100n,
  };
}

/** An amount of each pod. */
export function averageMeasure(target: bigint): Measure {
  return {
    usage(values) {
      let used = 0n;
      for (const value of values.values()) used += value;
      const average = used / BigInt(values.size);
      return { ratio: Number(average) / Number(target), average };
    },
    missing: () => target,
  };
}

/** The size for a value that is to be met as a whole: as much larger as the value is above its target. */
export function sizeByValue(
  usage: bigint,
  target: bigint,
  { current, ready, tolerances }: { readonly current: number; readonly ready: number; readonly tolerances: Tolerances },
): Size {
  const ratio = Number(usage) / Number(target);
  if (current === 0) return { replicas: rounded(ratio), average: usage, ratio };
  return { replicas: isWithin(ratio, tolerances) ? current : rounded(ratio * ready), average: usage, ratio };
}

/** The size at which each replica has its share of a value. */
export function sizeByShare(
  usage: bigint,
  target: bigint,
  { current, tolerances }: { readonly current: number; readonly tolerances: Tolerances },
): Size {
  const ratio = Number(usage) / (Number(target) * current);
  const replicas = isWithin(ratio, tolerances) ? current : rounded(Number(usage) / Number(target));
  const average = current === 0 ? usage : BigInt(Math.ceil(Number(usage) / current));
  return { replicas, average, ratio };
}
