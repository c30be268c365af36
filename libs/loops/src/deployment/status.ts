import type { Deployment, DeploymentStatus, ReplicaSet } from '#kinds';
import { replicasOf, totalOf, type Situation } from './situation.js';

/** What the sets add up to; the conditions are told apart. */
export function countsOf({ deployment, sets, current }: Situation): DeploymentStatus {
  const sum = (count: (set: ReplicaSet) => number | undefined) => totalOf(sets, (set) => count(set) ?? 0);
  const available = sum((set) => set.status?.availableReplicas);
  return {
    ...positive('observedGeneration', deployment.metadata.generation),
    ...positive(
      'replicas',
      sum((set) => set.status?.replicas),
    ),
    ...positive('updatedReplicas', current?.status?.replicas),
    ...positive(
      'readyReplicas',
      sum((set) => set.status?.readyReplicas),
    ),
    ...positive('availableReplicas', available),
    ...positive('unavailableReplicas', Math.max(0, totalOf(sets, replicasOf) - available)),
    terminatingReplicas: sum((set) => set.status?.terminatingReplicas),
    ...(deployment.status?.collisionCount !== undefined && { collisionCount: deployment.status.collisionCount }),
  };
}
export type Counts = DeploymentStatus;

export function statusOf(situation: Situation, conditions: DeploymentStatus['conditions']): DeploymentStatus {
  return { ...countsOf(situation), ...(conditions && conditions.length > 0 && { conditions }) };
}

/** Whether every wanted pod is of the present template and available, and none is left of an old one. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Kubernetes leaves these counts out when they are 0. */
function positive<K extends string>(field: K, count: number | undefined): { readonly [P in K]?: number } {
  return count !== undefined && count > 0 ? ({ [field]: count } as { readonly [P in K]?: number }) : {};
}
