import type { Strategy } from '#model';
import type { Node } from './schema.js';

export const nodeStrategy: Strategy<Node> = {
  createKeepsStatus: true,
  registryPrefix: 'minions',
  applyDefaults: withAllocatable,
};

/** A node that says what it has and not what of it pods may take offers all of it. */
function withAllocatable(object: Node): Node {
  const { capacity, allocatable } = object.status ?? {};
  if (capacity === undefined || allocatable !== undefined) return object;
  return { ...object, status: { ...object.status, allocatable: capacity } };
}
