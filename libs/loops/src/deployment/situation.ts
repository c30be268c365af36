import { isActive, type Pod } from '#pod';
import { type Deployment, type ReplicaSet } from '#kinds';
import type { LoopRefusal, View } from '#model';
import { objectsByOwner } from '#model';
import { isAvailable, type Moment } from '../shared/index.js';
import { boundsOf, type Bounds } from './bounds.js';
import { sameTemplate } from './template.js';

/** What a look at a deployment found. */
export interface Situation extends Moment {
  readonly view: View;
  readonly deployment: Deployment;
  /** All replica sets of it, oldest first. */
  readonly sets: readonly ReplicaSet[];
  /** The one with the present template. */
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  readonly bounds: Bounds;
  /** What was refused at the last look. */
  readonly refusals: readonly LoopRefusal[];
}

export interface Found extends Moment {
  readonly view: View;
  readonly deployment: Deployment;
  readonly sets: readonly ReplicaSet[];
  readonly refusals: readonly LoopRefusal[];
}
export function situationOf({ sets, ...found }: Found): Situation {
  const ordered = [...sets].sort(byAge);
  // Of several with the same template the oldest counts: the others were made by a race or by hand.
  const current = ordered.find((set) => sameTemplate(set.spec.template, found.deployment.spec.template));
  const old = ordered.filter((set) => set !== current);
  return { ...found, sets: ordered, current, old, bounds: boundsOf(found.deployment) };
}

export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compare(a.metadata.name, b.metadata.name)
  );
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec.replicas ?? 1;
}
export function totalOf(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0);
}

/**
 * Available pods of a set: as its status says, but no more than there are in the view now, and no more than it is to keep.
 * A status lags behind its pods: what was lost since, or is about to go, must not be taken for spare.
 */
export function availableOf(
  { view, now, outside }: Pick<Situation, 'view' | 'now' | 'outside'>,
  set: ReplicaSet,
): number {
  const reported = set.status?.availableReplicas ?? 0;
  if (reported === 0) return 0;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const present = podsOf(view, set).filter(
    (pod) => isActive(pod) && isAvailable(pod, minReadySeconds, { now, outside }),
  );
  return Math.min(reported, present.length, replicasOf(set));
}
/** How many pods may be added now: those that a shrunk set has not yet given up still take room. */
export function roomOf({ view, sets, bounds }: Situation): number {
  const held = totalOf(sets, (set) => Math.max(replicasOf(set), podsOf(view, set).filter(isActive).length));
  return Math.max(0, bounds.most - held);
}
export function podsOf(view: View, set: ReplicaSet): readonly Pod[] {
  return view
    .by(objectsByOwner, set.metadata.uid)
    .filter((object): object is Pod => object.kind === 'Pod' && object.apiVersion === 'v1');
}
