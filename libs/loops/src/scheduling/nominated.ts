import type { Pod } from '#pod';
import type { ClusterPicture } from './picture/cluster-picture.js';
import { podNeeds } from './picture/needs.js';
import type { NodeRow, PlacedPod } from './picture/node-table.js';
import { priorityOf } from './shape.js';

/** Waiting pods by the node where room is being made for them. A look adds those that it nominates itself. */
export type Nominations = Map<string, Pod[]>;

export function nominationsOf(waiting: Iterable<Pod>): Nominations {
  const nominations: Nominations = new Map();
  for (const pod of waiting) {
    const node = pod.status?.nominatedNodeName;
    if (node) nominate(nominations, node, pod);
  }
  return nominations;
}

export function nominate(nominations: Nominations, node: string, pod: Pod): void {
  const others = nominations.get(node);
  if (others) others.push(pod);
  else nominations.set(node, [pod]);
}
export function forget(nominations: Nominations, pod: Pod): void {
  for (const [node, pods] of nominations) {
    const others = pods.filter((one) => one.metadata.uid !== pod.metadata.uid);
    if (others.length === 0) nominations.delete(node);
    else if (others.length < pods.length) nominations.set(node, others);
  }
}

/** Those whose claim on a node a pod has to respect: of equal or higher priority. */
export function ahead(nominations: Nominations, node: string, pod: Pod): readonly Pod[] {
  const least = priorityOf(pod);
  return (nominations.get(node) ?? []).filter(
    (one) => one.metadata.uid !== pod.metadata.uid && priorityOf(one) >= least,
  );
}

/** All room that is kept from a pod for others. */
export function reservedFor(pod: Pod, nominations: Nominations, picture: ClusterPicture): readonly Reserved[] {
  const found: Reserved[] = [];
  for (const node of nominations.keys()) {
    const row = picture.nodes.get(node);
    if (row) for (const one of ahead(nominations, node, pod)) found.push({ row, placed: placedPod(one) });
  }
  return found;
}
export interface Reserved {
  readonly row: NodeRow;
  readonly placed: PlacedPod;
}
/** A waiting pod as it is counted where it is imagined to be. */
export function placedPod(pod: Pod): PlacedPod {
  return { key: `imagined ${pod.metadata.uid}`, pod, needs: podNeeds(pod) };
}

/** What `look` finds while these pods are counted where they are nominated. */
export function withReserved<T>(picture: ClusterPicture, reserved: readonly Reserved[], look: () => T): T {
  for (const { row, placed } of reserved) picture.place(row, placed);
  try {
    return look();
  } finally {
    for (const { row, placed } of reserved) picture.displace(row, placed);
  }
}
