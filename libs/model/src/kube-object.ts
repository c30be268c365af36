import type { Json } from '#std';

/** `metadata` of every object. Stored without `resourceVersion`: that is the position of the event that made the state. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: Json;
  readonly subresource?: string;
}

/** Any object of any kind, immutable, keys in canonical order. Kind folders give it a sharper type by its schema. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** A kind's id, `apps.deployments`; the core group is written `core`: `core.pods`. Also the first part of a stream's name. */
export type KindId = string;

/** A kind's id that carries the type of its objects: `view.get(pods, ns, name)` gives a Pod. */
export interface KindRef<T extends KubeObject = KubeObject> {
  readonly id: KindId;
  readonly __type?: T;
}
export function kindRef<T extends KubeObject>(id: KindId): KindRef<T> {
  return { id };
}

/** The stream of an object: `apps.deployments/default/web`; a cluster-scoped object's has `_` for the namespace. */
export function streamOf(kind: KindId, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace || '_'}/${name}`;
}
export interface StreamName {
  readonly kind: KindId;
  readonly namespace: string | undefined;
  readonly name: string;
}
/** The kind alone, for those who look at every event. */
export function kindOfStream(stream: string): KindId {
  return stream.slice(0, stream.indexOf('/'));
}
export function parseStream(stream: string): StreamName {
  const first = stream.indexOf('/');
  const second = stream.indexOf('/', first + 1);
  const namespace = stream.slice(first + 1, second);
  return {
    kind: stream.slice(0, first),
    namespace: namespace === '_' ? undefined : namespace,
    name: stream.slice(second + 1),
  };
}
