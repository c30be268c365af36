import { hash128, type Json } from '#std';
import { NODE_PLACES, type AssignedObject } from './node-protocol.js';
import { kindOfStream } from './kube-object.js';

/**
 * A short name of a set of assigned objects in their versions: two sets with the same digest are the same. Only the control
 * plane chooses what goes into it (uids and positions), so nobody can make two that collide. What is made of a part of an object
 * has no version of its own: it counts by its content.
 */
export function assignmentDigest(objects: Iterable<AssignedObject>): string {
  const lines: string[] = [];
  for (const { stream, uid, position, object } of objects) {
    const isPart = kindOfStream(stream) === NODE_PLACES;
    lines.push(`${stream} ${uid} ${isPart ? hash128(JSON.stringify(object as unknown as Json)) : position}`);
  }
  return hash128(lines.sort().join('\n'));
}
