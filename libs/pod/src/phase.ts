import type { ContainerState, ContainerStatus, Pod, PodCondition } from './schema/index.js';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

/** A phase that no pod leaves again. */
export function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
/** A pod that has ended uses neither room nor a slot. */
export function hasEnded(pod: Pod): boolean {
  return isTerminal(pod.status?.phase);
}
/** Neither ended nor on its way out: it counts as a replica. */
export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined;
}
export function isTerminating(pod: Pod): boolean {
  return !hasEnded(pod) && pod.metadata.deletionTimestamp !== undefined;
}

export function conditionOf(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}
export function isReady(pod: Pod): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}

/** What a container does now; nothing is known of one whose status does not say. */
export function stateOf(status: ContainerStatus | undefined): ContainerState {
  return status?.state ?? {};
}
/** What became of its run before this one. */
export function lastStateOf(status: ContainerStatus | undefined): ContainerState {
  return status?.lastState ?? {};
}
