import { hash128 } from '#std';
import { NODE_PLACES, type AssignedObject } from './node-protocol.js';
import { kindOfStream, type KubeObject } from './kube-object.js';

/** Parts are never changed in place, and are told and held for long. */
const contentHashes = new WeakMap<object, string>();

/**
 * A short name of a set of assigned objects in their versions: two sets with the same digest are the same. Only the control
 * plane chooses what goes into it (uids and positions), so nobody can make two that collide. What is made of a part of an object
 * has no version of its own: it counts by its content.
 */
export function assignmentDigest(objects: Iterable<AssignedObject>): string {
  const lines: string[] = [];
  for (const { stream, uid, position, object } of objects) {
    const isPart = kindOfStream(stream) === NODE_PLACES;
    lines.push(`${stream} ${uid} ${isPart ? contentHash(object) : position}`);
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
