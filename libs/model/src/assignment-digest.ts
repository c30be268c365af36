import { hash128 } from '#std';
import { NODE_PLACES, type AssignedObject } from './node-protocol.js';
import { PEER_GROUPS } from './policy-rules.js';
import { kindOfStream, type KubeObject } from './kube-object.js';

/** Kinds of streams that are made of objects. */
const MADE: readonly string[] = [NODE_PLACES, PEER_GROUPS];

/** Parts are never changed in place, and are told and held for long. */
const contentHashes = new WeakMap<object, string>();

/**
 * A short name of a set of assigned objects in their versions: two sets with the same digest are the same. Only the control
 * plane chooses what goes into it (uids and positions), so nobody can make two that collide. What is made of objects
 * has no version of its own: it counts by its content.
 */
export function assignmentDigest(objects: Iterable<AssignedObject>): string {
  const lines: string[] = [];
  for (const { stream, uid, position, object } of objects) {
    lines.push(`${stream} ${uid} ${MADE.includes(kindOfStream(stream)) ? contentHash(object) : position}`);
  }
  return hash128(lines.sort().join('\n'));
}

function contentHash(object: KubeObject | null): string {
  const known = object && contentHashes.get(object);
  if (known) return known;
  const hash = hash128(JSON.stringify(object));
  if (object) contentHashes.set(object, hash);
  return hash;
}
