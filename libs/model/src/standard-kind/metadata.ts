import { jsonEquals } from '#std';
import type { KubeObject, ObjectMeta, OwnerReference } from '../kube-object.js';

/** Metadata of an update with what clients may not change put back: identity, generation, time of deletion. */
export function protectMetadata<T extends KubeObject>(object: T, old: KubeObject): T {
  const { metadata } = object;
  const kept: Record<string, unknown> = { ...metadata };
  delete kept['selfLink'];
  delete kept['resourceVersion'];
  if (!metadata.uid) kept['uid'] = old.metadata.uid;
  for (const field of ['creationTimestamp', 'deletionTimestamp', 'generation'] as const) {
    if (old.metadata[field] === undefined) delete kept[field];
    else kept[field] = old.metadata[field];
  }
  if (old.metadata.deletionGracePeriodSeconds !== undefined && metadata.deletionGracePeriodSeconds === undefined) {
    kept['deletionGracePeriodSeconds'] = old.metadata.deletionGracePeriodSeconds;
  }
  return { ...object, metadata: kept as unknown as ObjectMeta };
}

/** Owner references without repeats, and the uids that were named more than once. */
export function dedupOwners<T extends KubeObject>(
  object: T,
): { readonly object: T; readonly dropped: readonly string[] } {
  const owners = object.metadata.ownerReferences;
  if (!owners || owners.length < 2) return { object, dropped: [] };
  const seen: OwnerReference[] = [];
  const dropped: string[] = [];
  for (const owner of owners) {
    if (!seen.some((other) => jsonEquals(other, owner))) seen.push(owner);
    else if (!dropped.includes(owner.uid)) dropped.push(owner.uid);
  }
  if (dropped.length === 0) return { object, dropped };
  return { object: { ...object, metadata: { ...object.metadata, ownerReferences: seen } }, dropped };
}
