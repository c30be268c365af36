import type { KubeObject, View } from '#model';
import { podsByNode } from '../core/pod/indexes.js';
import { isJsonObject, type Json, type JsonObject } from '#std';

/** An object that pods may name, by its resource in the core group. */
export interface Named {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

const MIRROR = 'kubernetes.io/config.mirror';

/** Whether a pod of this node is the object or names it. Costs what the pods of the node name. */
export function podsName(view: View, node: string, { resource, namespace, name }: Named): boolean {
  return view.by(podsByNode, node).some((pod) => {
    const { metadata } = pod;
    if (metadata.namespace !== namespace) return false;
    if (resource === 'pods') return metadata.name === name;
    // A mirror pod was made by the node itself: what it names, the node has chosen.
    return metadata.annotations?.[MIRROR] === undefined && namesOf(pod).has(`${resource}/${name}`);
  });
}

/** Objects of a projection share the unchanged parts of earlier versions, so a spec is walked through once. */
const walked = new WeakMap<object, ReadonlySet<string>>();

/** What a pod names, as `secrets/name`. */
export function namesOf(pod: KubeObject): ReadonlySet<string> {
  const spec = pod['spec'];
  if (!isJsonObject(spec as Json)) return new Set();
  const known = walked.get(spec as JsonObject);
  if (known) return known;
  const names = new Set(namesIn(spec as JsonObject, pod.metadata.name));
  walked.set(spec as JsonObject, names);
  return names;
}

function* namesIn(spec: JsonObject, pod: string): Iterable<string> {
  if (typeof spec['serviceAccountName'] === 'string') yield `serviceaccounts/${spec['serviceAccountName']}`;
  for (const reference of objects(spec['imagePullSecrets'])) yield* nameOf('secrets', reference);
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'])
    for (const container of objects(spec[list])) yield* ofContainer(container);
  for (const volume of objects(spec['volumes'])) yield* ofVolume(volume, pod);
}

function* ofContainer(container: JsonObject): Iterable<string> {
  for (const { valueFrom } of objects(container['env'])) {
    const from = fields(valueFrom);
    yield* nameOf('secrets', from['secretKeyRef']);
    yield* nameOf('configmaps', from['configMapKeyRef']);
  }
  for (const source of objects(container['envFrom'])) {
    yield* nameOf('secrets', source['secretRef']);
    yield* nameOf('configmaps', source['configMapRef']);
  }
}

/** Volume sources whose `secretRef` names a secret. */
const WITH_SECRET_REF = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'];

function* ofVolume(volume: JsonObject, pod: string): Iterable<string> {
  yield* nameOf('secrets', volume['secret'], 'secretName');
  yield* nameOf('secrets', volume['azureFile'], 'secretName');
  yield* nameOf('configmaps', volume['configMap']);
  yield* nameOf('persistentvolumeclaims', volume['persistentVolumeClaim'], 'claimName');
  yield* nameOf('secrets', fields(volume['csi'])['nodePublishSecretRef']);
  for (const source of WITH_SECRET_REF) yield* nameOf('secrets', fields(volume[source])['secretRef']);
  if (volume['ephemeral'] !== undefined) yield `persistentvolumeclaims/${pod}-${String(volume['name'])}`;
  for (const source of objects(fields(volume['projected'])['sources'])) {
    yield* nameOf('secrets', source['secret']);
    yield* nameOf('configmaps', source['configMap']);
  }
}

function* nameOf(resource: string, reference: Json | undefined, field = 'name'): Iterable<string> {
  const name = fields(reference)[field];
  if (typeof name === 'string' && name !== '') yield `${resource}/${name}`;
}
const fields = (value: Json | undefined): JsonObject => (value !== undefined && isJsonObject(value) ? value : {});
const objects = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
