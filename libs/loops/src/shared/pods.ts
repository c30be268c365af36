import { conditionOf, isReady } from '#pod';
import type { Pod } from '#pod';
import { parseInstant, type Instant } from '#std';
import { dueAfter, type Moment } from './elapsed.js';

/** Since when the pod is ready; undefined when it is not, or does not say. */
export function readySince(pod: Pod): Instant | undefined {
  const ready = conditionOf(pod, 'Ready');
  return ready?.status === 'True' ? parseInstant(ready.lastTransitionTime) : undefined;
}

/** When a ready pod counts as available; undefined when it is not ready. */
export function availableAt(pod: Pod, minReadySeconds: number, moment: Moment): Instant | undefined {
  if (!isReady(pod)) return undefined;
  if (minReadySeconds === 0) return -Infinity;
  const since = readySince(pod);
  return since === undefined ? undefined : dueAfter(since, minReadySeconds * 1000, moment);
}
export function isAvailable(pod: Pod, minReadySeconds: number, moment: Moment): boolean {
  const at = availableAt(pod, minReadySeconds, moment);
  return at !== undefined && at <= moment.now;
}

export function restartsOf(pod: Pod): number {
  let most = 0;
  for (const status of pod.status?.containerStatuses ?? []) most = Math.max(most, status.restartCount);
  return most;
}
