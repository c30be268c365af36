import { deployments, pods, replicaSets, type Deployment, type ReplicaSet } from '#kinds';
import { elapsedSince } from '#loops';
import { controllerOf, rolloutBounds } from '#meta';
import {
  objectsByOwner,
  parseStream,
  RecordedOutside,
  type Outside,
  type OutsideFacts,
  type StoredEvent,
  type View,
} from '#model';
import { type Pod } from '#pod';
import { parseInstant, type Instant } from '#std';
import type { EventChecker } from './checker.js';

/**
 * The controllers never take a deployment outside its bounds: they create no pod above replicas + maxSurge, and they
 * delete no available pod when that leaves fewer than replicas - maxUnavailable. What people, nodes and agents do to pods is
 * not their fault, so only the controllers' own creations and deletions are held to it. `outside` has every step of the wall
 * clock; controllers may know of fewer, so what was available is judged both ways. Appends to different streams may land in
 * another order than they were decided in, so a pod is also right by what its set wanted in the view that decided it.
 */
export function rolloutBoundsHeld(outside: () => OutsideFacts): EventChecker {
  const allowed = new Allowed();
  return {
    name: 'rollouts stay inside their bounds',
    check(event, before, after) {
      const { kind, namespace, name } = parseStream(event.stream);
      if (kind === deployments.id) allowed.note(event, after.get(deployments, namespace, name), after);
      if (kind === replicaSets.id) allowed.note(event, ownerOf(after.get(replicaSets, namespace, name), after), after);
      if (kind !== pods.id || event.metadata.via !== 'replica-set') return undefined;
      const pod = after.get(pods, namespace, name) ?? before.get(pods, namespace, name);
      const deployment = pod && deploymentOf(pod, after);
      if (!deployment || deployment.spec.strategy?.type === 'Recreate' || deployment.metadata.deletionTimestamp)
        return undefined;
      if (event.type === 'Created') {
        const active = podsOf(deployment, after).filter((p) => !p.metadata.deletionTimestamp && !hasEnded(p));
        const most = Math.max(mostPods(deployment, after), allowed.at(deployment, event.metadata.basis?.view));
        return active.length > most ? `${deployment.metadata.name}: ${active.length} pods, ${most} allowed` : undefined;
      }
      const old = before.get(pods, namespace, name);
      const now = Date.parse(event.time);
      const ages = (one: Pod | undefined) =>
        [{}, outside()].map((known) => isAvailable(one, deployment, now, new RecordedOutside(known)));
      if (!ages(old).every(Boolean) || old?.metadata.deletionTimestamp) return undefined;
      const ready = podsOf(deployment, after).filter(
        (p) => !p.metadata.deletionTimestamp && ages(p).some(Boolean),
      ).length;
      const wanted = wantedAtScaling(pod, after, deployment.spec.replicas ?? 1);
      const least = wanted - bounds(deployment, wanted).unavailable;
      return ready < least ? `${deployment.metadata.name}: ${ready} available pods left, ${least} must be` : undefined;
    },
  };
}

/** How many pods each deployment was allowed from which position on. */
class Allowed {
  private readonly history = new Map<string, { readonly from: number; readonly most: number }[]>();

  note({ position }: StoredEvent, deployment: Deployment | undefined, view: View): void {
    if (!deployment) return;
    const { uid } = deployment.metadata;
    const most = mostPods(deployment, view);
    const known = this.history.get(uid) ?? [];
    this.history.set(uid, known);
    if (known.at(-1)?.most !== most) known.push({ from: position, most });
  }
  at({ metadata }: Deployment, position = Infinity): number {
    return this.history.get(metadata.uid)?.findLast(({ from }) => from <= position)?.most ?? 0;
  }
}

function mostPods(deployment: Deployment, view: View): number {
  const replicas = deployment.spec.replicas ?? 1;
  return largestWish(deployment, view, replicas) + bounds(deployment, replicas).surge;
}
/** A deployment that is being scaled down may still have the sets of its larger past. */
function largestWish(deployment: Deployment, view: View, replicas: number): number {
  const sets = view.by(objectsByOwner, deployment.metadata.uid) as readonly {
    readonly spec?: { readonly replicas?: number };
  }[];
  return Math.max(
    replicas,
    sets.reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0),
  );
}
/** A set is scaled down by what its deployment wanted then, which the set says; somebody may want more by now. */
function wantedAtScaling(pod: Pod, view: View, replicas: number): number {
  const set = controllerOf(pod);
  const annotations = set && view.get(replicaSets, pod.metadata.namespace, set.name)?.metadata.annotations;
  return Math.min(replicas, Number(annotations?.['deployment.kubernetes.io/desired-replicas'] ?? replicas));
}
function bounds(deployment: Deployment, replicas: number): { surge: number; unavailable: number } {
  const rolling = deployment.spec.strategy?.rollingUpdate;
  return rolloutBounds(rolling?.maxSurge, rolling?.maxUnavailable, replicas);
}
/** By uid: what is left of a deployment that was deleted is not its namesake's. */
function deploymentOf(pod: Pod, view: View): Deployment | undefined {
  const { namespace } = pod.metadata;
  const set = controllerOf(pod);
  const owner = set && view.get(replicaSets, namespace, set.name);
  return owner?.metadata.uid === set?.uid ? ownerOf(owner, view) : undefined;
}
function ownerOf(set: ReplicaSet | undefined, view: View): Deployment | undefined {
  const controller = set && controllerOf(set);
  const deployment = controller && view.get(deployments, set.metadata.namespace, controller.name);
  return deployment?.metadata.uid === controller?.uid ? deployment : undefined;
}
function podsOf(deployment: Deployment, view: View): readonly Pod[] {
  return view
    .list(pods, deployment.metadata.namespace)
    .filter((pod) => deploymentOf(pod, view)?.metadata.uid === deployment.metadata.uid);
}
function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
/** Ready, and for as long as the deployment asks. */
function isAvailable(pod: Pod | undefined, deployment: Deployment, now: Instant, outside: Outside): boolean {
  const ready = ((pod?.status?.conditions ?? []) as readonly ReadyCondition[]).find((one) => one.type === 'Ready');
  if (ready?.status !== 'True') return false;
  const neededMs = (deployment.spec.minReadySeconds ?? 0) * 1000;
  return neededMs === 0 || elapsedSince(parseInstant(ready.lastTransitionTime) ?? now, now, outside) >= neededMs;
}
interface ReadyCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}
