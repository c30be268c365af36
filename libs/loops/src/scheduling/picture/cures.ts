import type { Pod } from '#kinds';
import { Room } from '../fit.js';
import { priorityOf } from '../shape.js';
import { Verdict } from '../verdict.js';
import type { ClusterPicture } from './cluster-picture.js';
import { requiredTerms } from './counts.js';
import type { NodeRow } from './node-table.js';
import { termMatcher } from './pod-matcher.js';
import type { ParkedShape } from './waiting-pods.js';

/** More changed pods than this are taken for a change of everything. */
const PODS_MAX = 4096;

/** What has changed since the last look, so far as it may help a pod for which there was no place. */
export class Cures {
  private readonly nodes = new Set<string>();
  private readonly pods: Pod[] = [];
  private isEverything = false;
  private isTopology = false;

  touch(node: string): void {
    this.nodes.add(node);
  }
  /** A pod was counted, or is counted no more. */
  touchPod(node: string, pod: Pod): void {
    this.nodes.add(node);
    if (this.pods.length < PODS_MAX) this.pods.push(pod);
    else this.isEverything = true;
  }
  /** Nodes have other labels, or there are others. */
  touchTopology(): void {
    this.isTopology = true;
  }
  touchAll(): void {
    this.isEverything = true;
  }
  clear(): void {
    this.nodes.clear();
    this.pods.length = 0;
    this.isEverything = false;
    this.isTopology = false;
  }

  /**
   * False only when no change can have made a place: neither on a node that changed, nor elsewhere by the rules about other pods,
   * nor by pods that might be preempted now.
   */
  mayHelp({ shape, queue }: ParkedShape, picture: ClusterPicture): boolean {
    if (this.isEverything) return true;
    const [first] = queue;
    if (first === undefined) return false;
    const { pod } = first;
    const isTopological = shape.hardSpreads.length > 0 || shape.near !== undefined || shape.apart.length > 0;
    if (isTopological && this.isTopology) return true;
    // Others have to leave it its room; a change there, or of nodes' labels, may have made its claim void.
    const nominated = pod.status?.nominatedNodeName;
    if (nominated && (this.isTopology || this.nodes.has(nominated))) return true;
    const room = new Room(pod, shape, picture);
    for (const name of this.nodes) {
      const row = picture.nodes.get(name);
      if (row && isPlace(row, room, shape)) return true;
    }
    const labelsOf = (namespace: string) => picture.labelsOf(namespace);
    const matchers = [...shape.apart, ...shape.hardSpreads, ...(shape.near ? [shape.near] : [])];
    return this.pods.some(
      (one) =>
        matchers.some(({ matcher }) => matcher.matches(one, labelsOf)) ||
        requiredTerms(one).apart.some((term) => termMatcher(term, one).matches(pod, labelsOf)),
    );
  }
}

function isPlace(row: NodeRow, room: Room, { mayPreempt, priority }: ParkedShape['shape']): boolean {
  const verdict = room.at(row.index);
  if (verdict === Verdict.fits) return true;
  if (!mayPreempt || (verdict !== Verdict.noRoom && verdict !== Verdict.portTaken)) return false;
  for (const { pod } of row.pods.values()) if (priorityOf(pod) < priority) return true;
  return false;
}
