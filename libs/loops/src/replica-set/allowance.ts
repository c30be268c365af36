import { isActive, type Pod } from '#pod';
import { deployments, pods, type Deployment, type ReplicaSet } from '#kinds';
import { controllerOf } from '#meta';
import type { KubeObject, View } from '#model';
import { objectsByOwner } from '#model';
import { boundsOf } from '../deployment/bounds.js';
import { isAvailable, streamOfObject, type Moment } from '../shared/index.js';

/** How many available pods of a set may go now without taking its deployment below its bounds. */
export interface Allowance {
  readonly available: number;
  /** Pods on whose availability that rests, best first; as many are needed as the deployment must keep. */
  readonly others: readonly Pod[];
  readonly needed: number;
}

/**
 * A set was told to shrink when enough pods were available; since then another set's pod may have been lost. So the count
 * is made again here, next to the deletion. Undefined where no bounds hold: a set of its own, or one that is replaced at once.
 */
export function allowanceOf(view: View, set: ReplicaSet, moment: Moment): Allowance | undefined {
  const deployment = boundingDeployment(view, set);
  if (!deployment) return undefined;
  const { fewest } = boundsOf(deployment);
  const siblings = view
    .by(objectsByOwner, deployment.metadata.uid)
    .filter(isSet)
    .map((one) => stockOf(view, one, moment));
  const total = siblings.reduce((sum, { available }) => sum + available.length, 0);
  // Of several that shrink at the same time the first by name takes what may go.
  const before = siblings.filter((one) => one.set.metadata.name < set.metadata.name);
  const promised = before.reduce((sum, one) => sum + Math.max(0, one.surplus - one.unavailable), 0);
  const steadiest = [...siblings].sort((a, b) => Math.sign(a.surplus) - Math.sign(b.surplus));
  return {
    available: Math.max(0, total - fewest - promised),
    others: steadiest.flatMap(({ available }) => available),
    needed: fewest,
  };
}

/**
 * How many pods a set may make now. As many as it wants, but while another set of its deployment has not given up yet what it
 * was told to, only as many as the deployment may have besides.
 */
export function roomOf(view: View, set: ReplicaSet): number {
  const deployment = boundingDeployment(view, set);
  if (!deployment) return Infinity;
  let all = 0;
  let isCrowded = false;
  for (const one of view.by(objectsByOwner, deployment.metadata.uid).filter(isSet)) {
    const active = view.by(objectsByOwner, one.metadata.uid).filter(isPod).filter(isActive).length;
    all += active;
    isCrowded ||= one.metadata.uid !== set.metadata.uid && active > (one.spec.replicas ?? 1);
  }
  return isCrowded ? Math.max(0, boundsOf(deployment).most - all) : Infinity;
}

/** The deployment whose bounds hold for the set. */
function boundingDeployment(view: View, set: ReplicaSet): Deployment | undefined {
  const owner = controllerOf(set);
  const deployment =
    owner?.kind === 'Deployment' ? view.get(deployments, set.metadata.namespace, owner.name) : undefined;
  if (!deployment || deployment.metadata.uid !== owner?.uid || deployment.metadata.deletionTimestamp !== undefined)
    return undefined;
  return deployment.spec.strategy?.type === 'Recreate' ? undefined : deployment;
}

interface Stock {
  readonly set: ReplicaSet;
  readonly available: readonly Pod[];
  readonly unavailable: number;
  readonly surplus: number;
}
function stockOf(view: View, set: ReplicaSet, moment: Moment): Stock {
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const active = view.by(objectsByOwner, set.metadata.uid).filter(isPod).filter(isActive);
  const available = active.filter((pod) => isAvailable(pod, minReadySeconds, moment));
  return {
    set,
    available,
    unavailable: active.length - available.length,
    surplus: Math.max(0, active.length - (set.spec.replicas ?? 1)),
  };
}

/** The streams of enough pods that stay, so that a loss among them makes the deletion look again. */
export function witnesses({ others, needed }: Allowance, leaving: ReadonlySet<Pod>): readonly string[] {
  return others
    .filter((pod) => !leaving.has(pod))
    .slice(0, needed)
    .map((pod) => streamOfObject(pods, pod));
}

/** Sets that still have fewer pods than they should, and may have waited for others to go. */
export function wantingSets(view: View, deployment: string): readonly ReplicaSet[] {
  return view
    .by(objectsByOwner, deployment)
    .filter(isSet)
    .filter((set) => (set.status?.replicas ?? 0) < (set.spec.replicas ?? 1));
}
/** Sets that still have more pods than they should, and may have waited for others to become available. */
export function surplusSets(view: View, deployment: string): readonly ReplicaSet[] {
  return view
    .by(objectsByOwner, deployment)
    .filter(isSet)
    .filter((set) => (set.status?.replicas ?? 0) > (set.spec.replicas ?? 1));
}

function isSet(object: KubeObject): object is ReplicaSet {
  return object.kind === 'ReplicaSet' && object.apiVersion === 'apps/v1';
}
function isPod(object: KubeObject): object is Pod {
  return object.kind === 'Pod' && object.apiVersion === 'v1';
}
