import { deployments, replicaSets } from '#kinds';
import { controllerOf, groupOf, type OwnerRef } from '#meta';
import type { KindRegistry, KubeObject, View } from '#model';
import type { Pod } from '#pod';
import { isJsonObject, type Json } from '#std';
import { kindNamed } from '../shared/index.js';

export interface ExpectedPods {
  /** What the controllers of the pods are to have, all of them together. */
  readonly count: number;
  /** Whether some pods have no controller: nobody says how many of them there should be. */
  readonly hasUnmanaged: boolean;
}
interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

/** How many pods the controllers of these pods are to have, by their scales; Kubernetes' sentence when one of them cannot say. */
export function expectedPods(kinds: KindRegistry, view: View, pods: readonly Pod[]): ExpectedPods | string {
  const asked = new Set<string>();
  const scales = new Map<string, number>();
  let hasUnmanaged = false;
  for (const pod of pods) {
    const controller = controllerOf(pod);
    if (!controller) hasUnmanaged = true;
    if (!controller || asked.has(controller.uid)) continue;
    asked.add(controller.uid);
    const { namespace, name } = pod.metadata;
    const scaled = deploymentOf(view, controller, namespace) ?? scaleOf(kinds, view, { controller, namespace });
    if (typeof scaled === 'string') return scaled;
    if (!scaled) return `found no controllers for pod ${JSON.stringify(name)}`;
    scales.set(scaled.uid, scaled.replicas);
  }
  return { count: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), hasUnmanaged };
}

/** The Deployment that controls a replica set: during a rollout the sets have more or fewer pods than there are to be. */
function deploymentOf(view: View, controller: OwnerRef, namespace: string | undefined): Scaled | undefined {
  if (controller.kind !== 'ReplicaSet') return undefined;
  const set = view.get(replicaSets, namespace, controller.name);
  const owner = set?.metadata.uid === controller.uid ? controllerOf(set) : undefined;
  if (owner?.kind !== 'Deployment') return undefined;
  const deployment = view.get(deployments, namespace, owner.name);
  if (deployment?.metadata.uid !== owner.uid) return undefined;
  return { uid: owner.uid, replicas: deployment.spec.replicas ?? 1 };
}

function scaleOf(
  kinds: KindRegistry,
  view: View,
  { controller, namespace }: { readonly controller: OwnerRef; readonly namespace: string | undefined },
): Scaled | string | undefined {
  const { apiVersion, kind: kindName, name, uid } = controller;
  const group = groupOf(apiVersion);
  const kind = kindNamed(kinds.at(view), group, kindName);
  if (!kind) return `no matches for kind ${JSON.stringify(kindName)} in version ${JSON.stringify(apiVersion)}`;
  const { plural, namespaced } = kind.names;
  const scaleless = `${group === '' ? plural : `${plural}.${group}`} does not implement the scale subresource`;
  if (!kind.scaleOf || !namespaced) return scaleless;
  const object: KubeObject | undefined = view.get(kind.ref, namespace, name);
  if (object?.metadata.uid !== uid) return undefined;
  const scale = kind.scaleOf(object);
  return scale ? { uid, replicas: replicasIn(scale['spec']) } : scaleless;
}
function replicasIn(spec: Json | undefined): number {
  const replicas = isJsonObject(spec) ? spec['replicas'] : undefined;
  return typeof replicas === 'number' ? replicas : 0;
}
