import type { Pod } from '#kinds';
import { withPods, type ClusterState } from './cluster-state.js';

/** Waiting pods by the node where room is being made for them. A look adds those that it nominates itself. */
export type Nominations = Map<string, Pod[]>;

export function priorityOf(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

export function nominationsOf(waiting: readonly Pod[]): Nominations {
  const nominations: Nominations = new Map();
  for (const pod of waiting) {
    const node = pod.status?.nominatedNodeName;
    if (node) nominate(nominations, node, pod);
  }
  return nominations;
}

export function nominate(nominations: Nominations, node: string, pod: Pod): void {
  nominations.set(node, [...(nominations.get(node) ?? []), pod]);
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

/** The cluster as this pod has to see it: the very same one when nothing is kept for others. */
export function withNominated(pod: Pod, cluster: ClusterState, nominations: Nominations): ClusterState {
  if (nominations.size === 0) return cluster;
  let isChanged = false;
  const nodes = cluster.nodes.map((state) => {
    const others = ahead(nominations, state.name, pod);
    if (others.length === 0) return state;
    isChanged = true;
    return withPods(state, [...state.pods, ...others]);
  });
  return isChanged ? { ...cluster, nodes } : cluster;
}
