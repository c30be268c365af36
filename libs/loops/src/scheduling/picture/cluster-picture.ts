import { namespaces, nodes, pods, type Node } from '#kinds';
import type { Labels } from '#meta';
import { streamOf, type Change, type View } from '#model';
import { hasEnded, type Pod } from '#pod';
import { CLAIMS } from '../claims.js';
import { PodCounts } from './counts.js';
import { podNeeds } from './needs.js';
import { NodeTable, type NodeRow, type PlacedPod } from './node-table.js';
import { ResourceScores } from './resource-scores.js';
import { WaitingPods } from './waiting-pods.js';

const NO_LABELS: Labels = {};
/** Steps for each pod that a new selector is asked about. It takes longer, but a look for each new selector would take longest. */
const STEPS_OF_COUNTING = 4;
interface Assigned extends PlacedPod {
  readonly node: string;
  pod: Pod;
}

/**
 * What the scheduler knows of a cluster: nodes with what is left of them, counts per selector and node, pods that wait. It is
 * brought up to date by changes and equals, at any position, the one that is built from the view there.
 */
export class ClusterPicture {
  readonly nodes = new NodeTable();
  readonly resourceScores = new ResourceScores(this.nodes);
  readonly counts = new PodCounts(
    (namespace) => this.labelsOf(namespace),
    (take) => this.eachPlaced(take),
  );
  readonly waiting = new WaitingPods();
  /** Counts the work of looks in steps: one is a look at one node in a plain loop. */
  readonly steps = { taken: 0 };
  private readonly assigned = new Map<string, Assigned>();
  /** Pods whose node is not there, by its name. */
  private readonly homeless = new Map<string, Map<string, Assigned>>();
  private readonly namespaces = new Map<string, Labels>();

  static of(view: View): ClusterPicture {
    const picture = new ClusterPicture();
    for (const { metadata } of view.list(namespaces))
      picture.namespaces.set(metadata.name, metadata.labels ?? NO_LABELS);
    for (const node of view.list(nodes)) picture.putNode(node);
    for (const pod of view.list(pods)) picture.putPod(keyOf(pod), pod, view);
    return picture;
  }

  /** `view` has folded the change. */
  apply({ kind, before, after }: Change, view: View): void {
    if (kind === pods.id) this.putPod(keyOf((after ?? before) as Pod), after as Pod | undefined, view);
    else if (kind === nodes.id && after) this.putNode(after as Node);
    else if (kind === nodes.id && before) this.removeNode(before.metadata.name);
    else if (kind === namespaces.id) {
      const { name } = ((after ?? before) as Node).metadata;
      if (after) this.namespaces.set(name, after.metadata.labels ?? NO_LABELS);
      else this.namespaces.delete(name);
      if (before?.metadata.labels === after?.metadata.labels) return;
      this.counts.forgetNamespaces();
      this.waiting.cures.touchAll();
    } else if (kind === CLAIMS) this.waiting.cures.touchAll();
  }

  labelsOf(namespace: string): Labels {
    return this.namespaces.get(namespace) ?? NO_LABELS;
  }

  /** Counts a pod on a node. A look places what it binds, so that the next pod sees it, and displaces it at its end. */
  place(row: NodeRow, placed: PlacedPod): void {
    this.nodes.place(row, placed);
    this.counts.add(row.index, placed.pod, 1);
  }
  displace(row: NodeRow, placed: PlacedPod): void {
    this.nodes.displace(row, placed);
    this.counts.add(row.index, placed.pod, -1);
  }

  private putPod(key: string, pod: Pod | undefined, view: View): void {
    this.waiting.put(key, pod, () => view.stream(streamOf(pods.id, ...partsOf(key)))?.createdAt ?? 0);
    const node = (pod && !hasEnded(pod) && pod.spec.nodeName) || undefined;
    const old = this.assigned.get(key);
    if (old && pod && old.node === node && isCountedAlike(old.pod, pod)) {
      old.pod = pod;
      return;
    }
    if (old) this.unassign(old);
    if (pod && node !== undefined) this.assign({ key, pod, node, needs: podNeeds(pod) });
  }
  private assign(pod: Assigned): void {
    this.assigned.set(pod.key, pod);
    const row = this.nodes.get(pod.node);
    if (row) {
      this.place(row, pod);
      this.waiting.cures.touchPod(pod.node, pod.pod);
      return;
    }
    const others = this.homeless.get(pod.node);
    if (others) others.set(pod.key, pod);
    else this.homeless.set(pod.node, new Map([[pod.key, pod]]));
  }
  private unassign(pod: Assigned): void {
    this.assigned.delete(pod.key);
    const row = this.nodes.get(pod.node);
    if (row) {
      this.displace(row, pod);
      this.waiting.cures.touchPod(pod.node, pod.pod);
      return;
    }
    const others = this.homeless.get(pod.node);
    others?.delete(pod.key);
    if (others?.size === 0) this.homeless.delete(pod.node);
  }

  private putNode(node: Node): void {
    const { name, labels } = node.metadata;
    if (this.nodes.get(name)?.node.metadata.labels !== labels) this.waiting.cures.touchTopology();
    const row = this.nodes.put(node);
    const arriving = this.homeless.get(name);
    this.homeless.delete(name);
    for (const pod of arriving?.values() ?? []) this.place(row, pod);
    this.waiting.cures.touch(name);
  }
  private removeNode(name: string): void {
    const row = this.nodes.get(name);
    if (!row) return;
    const leaving = new Map<string, Assigned>();
    for (const { key } of [...row.pods.values()]) {
      const pod = this.assigned.get(key) as Assigned;
      this.displace(row, pod);
      leaving.set(key, pod);
    }
    if (leaving.size > 0) this.homeless.set(name, leaving);
    this.nodes.remove(row);
    this.waiting.cures.touchTopology();
    for (const { pod } of leaving.values()) this.waiting.cures.touchPod(name, pod);
  }
  private eachPlaced(take: (index: number, pod: Pod) => void): void {
    this.steps.taken += STEPS_OF_COUNTING * this.assigned.size;
    for (const { index, pods: here } of this.nodes.inOrder()) for (const { pod } of here.values()) take(index, pod);
  }
}

export function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
function partsOf(key: string): [namespace: string, name: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}

/** Nothing that is counted of a pod has changed. */
function isCountedAlike(a: Pod, b: Pod): boolean {
  return (
    a.spec === b.spec &&
    a.metadata.labels === b.metadata.labels &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp
  );
}
