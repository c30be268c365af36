import type { KindRef, KubeObject } from './kube-object.js';

/**
 * A secondary index: finds objects by a value derived from them. It is declared, as a constant, beside the kind or the loop
 * that queries it; a {@link View} maintains it. The constant itself identifies the index; two indexes must not share a name.
 */
export interface ObjectIndex<T extends KubeObject = KubeObject> {
  /** `pods by node`. Used in messages. */
  readonly name: string;
  /** The kind that is indexed; all kinds when undefined. */
  readonly kind?: KindRef<T>;
  /** The values under which the object is found. Pure; an index costs memory for each of them. */
  values(object: T): readonly string[];
  /**
   * The part of the object that decides its values, compared by identity: while it is the same, `values` is not called again.
   * A change of another field leaves it the same. Default: the object.
   */
  part?(object: T): unknown;
}

/** All objects by their uid. */
export const objectsByUid: ObjectIndex = {
  name: 'objects by uid',
  values: ({ metadata }) => [metadata.uid],
  part: ({ metadata }) => metadata.uid,
};

/** All objects by the uids of their owner references. */
export const objectsByOwner: ObjectIndex = {
  name: 'objects by owner',
  values: ({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? [],
  part: ({ metadata }) => metadata.ownerReferences,
};

/** The values by which {@link labelIndex} finds objects that have a label. */
export function labelValue(namespace: string | undefined, key: string, value: string): string {
  return `${namespace ?? ''}/${key}=${value}`;
}

/** Objects of a kind by each of their labels, within their namespace; query it with {@link labelValue}. */
export function labelIndex<T extends KubeObject>(name: string, kind: KindRef<T>): ObjectIndex<T> {
  return {
    name,
    kind,
    values: ({ metadata: { namespace, labels } }) =>
      Object.entries(labels ?? {}).map(([key, value]) => labelValue(namespace, key, value)),
    part: ({ metadata }) => metadata.labels,
  };
}
