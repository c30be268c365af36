import { addTo, hasEnded, listed, namespaces, nodes, podRequests, type Amounts, type Node, type Pod } from '#kinds';
import type { View } from '#model';
import { guardOf, type Guard } from './budgets.js';
import { missingClaim } from './claims.js';
import { scoredRequests } from './resources.js';

/** A node with what is on it, as the filters and scores see it. Placing a pod in a batch changes it for the next one. */
export interface NodeState {
  readonly node: Node;
  readonly name: string;
  readonly labels: { readonly [key: string]: string };
  readonly allocatable: Amounts;
  readonly used: Map<string, number>;
  readonly scored: { cpu: number; memory: number };
  readonly pods: Pod[];
  readonly ports: HostPort[];
}
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** Everything a scheduling decision looks at. */
export interface ClusterState {
  readonly nodes: readonly NodeState[];
  labelsOfNamespace(namespace: string): { readonly [key: string]: string };
  readonly guard: Guard;
  /** What a pod needs and no node can give it. */
  lacks(pod: Pod): string | undefined;
}

export function clusterState(view: View): ClusterState {
  return {
    nodes: view.list(nodes).map((node) => nodeState(node, view.podsOnNode(node.metadata.name) as readonly Pod[])),
    labelsOfNamespace: (namespace) => view.get(namespaces, undefined, namespace)?.metadata.labels ?? {},
    guard: guardOf(view),
    lacks: missingClaim(view),
  };
}

function nodeState(node: Node, pods: readonly Pod[]): NodeState {
  const state: NodeState = {
    node,
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    allocatable: listed(
      (node as { status?: { allocatable?: { readonly [name: string]: string } } }).status?.allocatable,
    ),
    used: new Map(),
    scored: { cpu: 0, memory: 0 },
    pods: [],
    ports: [],
  };
  for (const pod of pods) if (!hasEnded(pod)) place(state, pod);
  return state;
}

/** The same node with other pods on it: what-if of preemption and of room that is kept for nominated pods. */
export function withPods(state: NodeState, pods: readonly Pod[]): NodeState {
  return nodeState(state.node, pods);
}
/** The same cluster with one node looked at differently. */
export function withNode(cluster: ClusterState, changed: NodeState): ClusterState {
  return { ...cluster, nodes: cluster.nodes.map((one) => (one.name === changed.name ? changed : one)) };
}

/** Counts a pod in. */
export function place(state: NodeState, pod: Pod): void {
  addTo(state.used, podRequests(pod));
  const scored = scoredRequests(pod);
  state.scored.cpu += scored.cpu;
  state.scored.memory += scored.memory;
  state.pods.push(pod);
  state.ports.push(...hostPorts(pod));
}

interface WithPorts {
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly hostPort?: number; readonly hostIP?: string; readonly protocol?: string }[];
}
/** Host ports of containers and sidecars; those of init containers that end do not conflict. */
export function hostPorts(pod: Pod): readonly HostPort[] {
  const sidecars = ((pod.spec.initContainers ?? []) as readonly WithPorts[]).filter(
    (c) => c.restartPolicy === 'Always',
  );
  const found: HostPort[] = [];
  for (const container of [...(pod.spec.containers as readonly WithPorts[]), ...sidecars]) {
    for (const port of container.ports ?? []) {
      if (!port.hostPort) continue;
      found.push({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort });
    }
  }
  return found;
}
