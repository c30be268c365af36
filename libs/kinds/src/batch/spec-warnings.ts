import type { KubeObject } from '#model';
import type { JobSpec } from './job-spec.schema.js';

const COMPLETIONS_SOFT_LIMIT = 100_000;
const PARALLELISM_SOFT_LIMIT = 10_000;

/** Warnings of a job's spec at `path`; a change that leaves the spec as it was is not warned of again. */
export function jobSpecWarnings(
  path: string,
  spec: JobSpec,
  object: KubeObject,
  old: KubeObject | undefined,
): readonly string[] {
  if (old !== undefined && object.metadata.generation === old.metadata.generation) return [];
  const { completionMode, completions = 0, parallelism = 0 } = spec;
  const isLarge =
    completionMode === 'Indexed' && completions > COMPLETIONS_SOFT_LIMIT && parallelism > PARALLELISM_SOFT_LIMIT;
  if (!isLarge) return [];
  return [
    `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
  ];
}
