import { hash128 } from '#std';
import type { AssignedObject } from './node-protocol.js';

/**
 * A short name of a set of assigned objects in their versions: two sets with the same digest are the same. Only the control
 * plane chooses what goes into it (uids and positions), so nobody can make two that collide.
 */
export function assignmentDigest(objects: Iterable<Omit<AssignedObject, 'object'>>): string {
  const lines: string[] = [];
  for (const { stream, uid, position } of objects) lines.push(`${stream} ${uid} ${position}`);
  return hash128(lines.sort().join('\n'));
}
