import { type ReplicaSet } from '#kinds';
import type { Submit } from '#model';
import { DESIRED_REPLICAS, MAX_REPLICAS, numberIn, revisionOf } from './annotations.js';
import { resize } from './resize.js';
import { byAge, replicasOf, roomOf, totalOf, type Situation } from './situation.js';

/** Whether somebody changed the number of replicas since the sets were last sized. */
export function isScaled({ sets, bounds }: Situation): boolean {
  return sets.some((set) => {
    const desired = replicasOf(set) > 0 ? numberIn(set, DESIRED_REPLICAS) : undefined;
    return desired !== undefined && desired !== bounds.wanted;
  });
}

/**
 * Brings the sets to a changed number of replicas without moving the rollout itself. They grow as far as there is room: a set
 * that was shrunk before may still have the pods that it is to give up. The rollout adds what is missing then.
 */
export function scale(situation: Situation): readonly Submit[] {
  const { sets, old, current, bounds, deployment } = situation;
  const active = sets.filter((set) => replicasOf(set) > 0);
  const only = active.length > 1 ? undefined : (active[0] ?? current ?? latest(old));
  if (only) {
    const size = replicasOf(only);
    const to = size + Math.min(bounds.wanted - size, roomOf(situation));
    return resize(situation, only, to, `${deployment.metadata.name} wants ${bounds.wanted} pods`);
  }
  if (active.length === 0) return [];
  if (current && isSaturated(current, bounds.wanted)) {
    return old
      .filter((set) => replicasOf(set) > 0)
      .flatMap((set) => resize(situation, set, 0, 'the current set has all the pods that are wanted'));
  }
  if (deployment.spec.strategy?.type === 'Recreate') return [];
  return inProportion(situation, active);
}

function isSaturated(set: ReplicaSet, wanted: number): boolean {
  return (
    replicasOf(set) === wanted && numberIn(set, DESIRED_REPLICAS) === wanted && set.status?.availableReplicas === wanted
  );
}

function latest(sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return sets.reduce<ReplicaSet | undefined>(
    (last, set) => (last && revisionOf(last) > revisionOf(set) ? last : set),
    undefined,
  );
}

/** Shares a growth or shrinking among all sets with pods, so that a rollout that is under way keeps its progress. */
function inProportion(situation: Situation, active: readonly ReplicaSet[]): readonly Submit[] {
  const { bounds, deployment } = situation;
  const allowed = bounds.wanted > 0 ? bounds.most : 0;
  const toAdd = Math.min(allowed - totalOf(active, replicasOf), roomOf(situation));
  // Growing begins with the largest and youngest, shrinking with the largest and oldest.
  const order = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)));
  let added = 0;
  const sizes = order.map((set) => {
    const share = toAdd === 0 ? 0 : within(shareOf(situation, set), toAdd - added);
    added += share;
    return replicasOf(set) + share;
  });
  // What rounding left over is the first one's.
  const sized = sizes.map((size, i) => Math.max(0, i === 0 && toAdd !== 0 ? size + toAdd - added : size));
  const because = `${deployment.metadata.name} may have ${allowed} pods, and each set keeps its share`;
  return order.flatMap((set, i) => resize(situation, set, sized[i] ?? replicasOf(set), because));
}

function within(share: number, rest: number): number {
  if (rest === 0) return 0;
  return rest > 0 ? Math.min(share, rest) : Math.max(share, rest);
}

/** By how much a set would change if it kept its part of the whole. */
function shareOf({ deployment, bounds }: Situation, set: ReplicaSet): number {
  const size = replicasOf(set);
  if (bounds.wanted === 0) return -size;
  const whole = numberIn(set, MAX_REPLICAS) || (deployment.status?.replicas ?? 0);
  if (whole === 0) return 0;
  return Math.round((size * bounds.most) / whole) - size;
}
