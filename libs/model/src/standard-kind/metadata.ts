import { stableStringify, type JsonObject } from '#std';
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
  // Equal references have equal canonical texts: there may be thousands, so they are not compared with each other.
  const seen = new Map<string, OwnerReference>();
  const dropped = new Set<string>();
  for (const owner of owners) {
    const text = stableStringify(owner as unknown as JsonObject);
    if (!seen.has(text)) seen.set(text, owner);
    else dropped.add(owner.uid);
  }
  if (dropped.size === 0) return { object, dropped: [] };
  const ownerReferences = [...seen.values()];
  return { object: { ...object, metadata: { ...object.metadata, ownerReferences } }, dropped: [...dropped] };
}
