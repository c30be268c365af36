import type { Pod } from '#kinds';
import { parseInstant, type Instant } from '#std';
import { dueAfter, type Moment } from './elapsed.js';

export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
/** Neither ended nor on its way out: it counts as a replica. */
export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined;
}
export function isTerminating(pod: Pod): boolean {
  return !hasEnded(pod) && pod.metadata.deletionTimestamp !== undefined;
}

export function podCondition(pod: Pod, type: string) {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}
export function isReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}
/** Since when the pod is ready; undefined when it is not, or does not say. */
export function readySince(pod: Pod): Instant | undefined {
  const ready = podCondition(pod, 'Ready');
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
