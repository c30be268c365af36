import { isReady, isTerminating, type Pod } from '#pod';
import { pods, type ReplicaSet, type ReplicaSetCondition, type ReplicaSetStatus } from '#kinds';
import { controllerOf, findCondition, removeCondition } from '#meta';
import type { LoopRefusal } from '#model';
import { toTime, type Instant } from '#std';
import { isAvailable, type Moment } from '../shared/index.js';

export interface Counted extends Moment {
  /** Active pods of the set. */
  readonly active: readonly Pod[];
  /** These and all others that it controls. */
  readonly owned: readonly Pod[];
  readonly refusals: readonly LoopRefusal[];
}

export function statusOf(set: ReplicaSet, { active, owned, refusals, ...moment }: Counted): ReplicaSetStatus {
  const labels = Object.entries(set.spec.template?.metadata?.labels ?? {});
  const carriesAll = (pod: Pod) => labels.every(([key, value]) => pod.metadata.labels?.[key] === value);
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const terminating = owned.filter((pod) => isTerminating(pod) && controllerOf(pod)?.uid === set.metadata.uid);
  const conditions = conditionsOf(set, active.length, refusals, moment.now);
  return {
    replicas: active.length,
    ...positive('fullyLabeledReplicas', active.filter(carriesAll).length),
    ...positive('readyReplicas', active.filter(isReady).length),
    ...positive('availableReplicas', active.filter((pod) => isAvailable(pod, minReadySeconds, moment)).length),
    terminatingReplicas: terminating.length,
    ...positive('observedGeneration', set.metadata.generation ?? 0),
    ...(conditions.length > 0 && { conditions }),
  };
}

/** Kubernetes leaves these counts out when they are 0. */
function positive<K extends string>(field: K, count: number): { readonly [P in K]?: number } {
  return count > 0 ? ({ [field]: count } as { readonly [P in K]?: number }) : {};
}

/** A failure is said once and stays as it is until the number of pods is right or a creation succeeds. */
function conditionsOf(
  set: ReplicaSet,
  count: number,
  refusals: readonly LoopRefusal[],
  now: Instant,
): readonly ReplicaSetCondition[] {
  const old = set.status?.conditions ?? [];
  const failed = findCondition(old, 'ReplicaFailure') !== undefined;
  const refusal = refusals.find((one) => one.kind === pods.id);
  const settled = count === (set.spec.replicas ?? 1);
  if (failed && !settled) return old;
  if (!refusal || settled) return removeCondition(old, 'ReplicaFailure');
  return [
    ...old,
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: refusal.verb === 'delete' ? 'FailedDelete' : 'FailedCreate',
      message: refusal.message,
      lastTransitionTime: toTime(now),
    },
  ];
}
