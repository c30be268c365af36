import { Room } from './fit.js';
import type { ClusterPicture } from './picture/cluster-picture.js';
import { requiredTerms } from './picture/counts.js';
import type { Cures } from './picture/cures.js';
import type { NodeRow } from './picture/node-table.js';
import { termMatcher } from './picture/pod-matcher.js';
import type { ParkedShape } from './picture/waiting-pods.js';
import { priorityOf } from './shape.js';
import { Verdict } from './verdict.js';

/**
 * False only when no change can have made a place: neither on a node that changed, nor elsewhere by the rules about other pods,
 * nor by pods that might be preempted now.
 */
export function mayHelp(cures: Cures, { shape, queue }: ParkedShape, picture: ClusterPicture): boolean {
  if (cures.isEverything) return true;
  const [first] = queue;
  if (first === undefined) return false;
  const { pod } = first;
  const isTopological = shape.hardSpreads.length > 0 || shape.near !== undefined || shape.apart.length > 0;
  if (isTopological && cures.isTopology) return true;
  // Others have to leave it its room; a change there, or of nodes' labels, may have made its claim void.
  const nominated = pod.status?.nominatedNodeName;
  if (nominated && (cures.isTopology || cures.nodes.has(nominated))) return true;
  const room = new Room(pod, shape, picture);
  for (const name of cures.nodes) {
    const row = picture.nodes.get(name);
    if (row && isPlace(row, room, shape)) return true;
  }
  const labelsOf = (namespace: string) => picture.labelsOf(namespace);
  const matchers = [...shape.apart, ...shape.hardSpreads, ...(shape.near ? [shape.near] : [])];
  return cures.pods.some(
    (one) =>
      matchers.some(({ matcher }) => matcher.matches(one, labelsOf)) ||
      requiredTerms(one).apart.some((term) => termMatcher(term, one).matches(pod, labelsOf)),
  );
}

function isPlace(row: NodeRow, room: Room, { mayPreempt, priority }: ParkedShape['shape']): boolean {
  const verdict = room.at(row.index);
  if (verdict === Verdict.fits) return true;
  if (!mayPreempt || (verdict !== Verdict.noRoom && verdict !== Verdict.portTaken)) return false;
  for (const { pod } of row.pods.values()) if (priorityOf(pod) < priority) return true;
  return false;
}
