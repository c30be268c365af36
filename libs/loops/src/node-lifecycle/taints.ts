import type { Node } from '#kinds';
import type { Taint } from '#meta';
import { toTime, type Instant } from '#std';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const PRESSURES: { readonly [condition: string]: string } = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};
/** Taints that this loop owns, by effect: all others are left alone. */
const OWN_NO_SCHEDULE = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURES)]);
const OWN_NO_EXECUTE = new Set([NOT_READY, UNREACHABLE]);

export interface NodeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastHeartbeatTime?: string;
  readonly lastTransitionTime?: string;
}
export function conditionsOf(node: Node): readonly NodeCondition[] {
  return ((node.status as { conditions?: readonly NodeCondition[] } | undefined)?.conditions ??
    []) as readonly NodeCondition[];
}

/**
 * The taints a node should have, from its conditions and `spec.unschedulable`. `evicting` says what becomes of the NoExecute
 * taints that the conditions ask for: a missing one is added, those that are there are kept, or all are taken back.
 */
export function wantedTaints(node: Node, now: Instant, evicting: 'added' | 'kept' | 'none'): readonly Taint[] {
  const current = (node.spec.taints ?? []) as readonly Taint[];
  const keys = noScheduleKeys(node);
  const key = evictingKey(node);
  const isOwn = (taint: Taint): boolean =>
    (taint.effect === 'NoSchedule' && OWN_NO_SCHEDULE.has(taint.key)) || isOwnEvicting(taint);
  const kept = current.filter(
    (taint) =>
      !isOwn(taint) || (taint.effect === 'NoSchedule' ? keys.has(taint.key) : taint.key === key && evicting !== 'none'),
  );
  const has = (key: string, effect: string): boolean =>
    kept.some((taint) => taint.key === key && taint.effect === effect);
  const added: Taint[] = [...keys]
    .filter((key) => !has(key, 'NoSchedule'))
    .map((key) => ({ key, effect: 'NoSchedule', timeAdded: toTime(now) }));
  if (key !== undefined && evicting === 'added' && !has(key, 'NoExecute'))
    added.push({ key, effect: 'NoExecute', timeAdded: toTime(now) });
  return added.length === 0 && kept.length === current.length ? current : [...kept, ...added];
}

function noScheduleKeys(node: Node): Set<string> {
  const keys = new Set<string>();
  for (const { type, status } of conditionsOf(node)) {
    const pressure = PRESSURES[type];
    if (pressure && status === 'True') keys.add(pressure);
    if (type === 'Ready' && status === 'False') keys.add(NOT_READY);
    if (type === 'Ready' && status === 'Unknown') keys.add(UNREACHABLE);
  }
  if (node.spec.unschedulable) keys.add(UNSCHEDULABLE);
  return keys;
}
/** Whether a taint is one of those that this loop sets and takes back by a node's conditions. */
export function isOwnEvicting({ key, effect }: Taint): boolean {
  return effect === 'NoExecute' && OWN_NO_EXECUTE.has(key);
}
/** Key of the NoExecute taint that the node's conditions ask for. */
export function evictingKey(node: Node): string | undefined {
  const ready = conditionsOf(node).find((condition) => condition.type === 'Ready')?.status;
  if (ready === 'False') return NOT_READY;
  return ready === 'Unknown' ? UNREACHABLE : undefined;
}
