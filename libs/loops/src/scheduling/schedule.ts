import type { Pod } from '#kinds';
import { filters, type Rejection } from './filters/index.js';
import type { ClusterState, NodeState } from './cluster-state.js';
import { namedNodes } from './node-affinity.js';
import { scored } from './scores/index.js';
import { whyNot } from './unschedulable.js';

/** Where a pod goes, or why it goes nowhere. */
export type Placement =
  | {
      readonly is: 'placed';
      readonly node: NodeState;
      readonly scores: { readonly [score: string]: number };
      readonly feasible: number;
    }
  | { readonly is: 'unschedulable'; readonly message: string };

const NOT_NAMED: Rejection = { reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"], helpless: true };

/** Decides for one pod. Ties are broken by the node's name. */
export function schedule(pod: Pod, cluster: ClusterState): Placement {
  const named = namedNodes(pod);
  const prepared = filters.map((filter) => filter(pod, cluster));
  const rejections = new Map<NodeState, Rejection>();
  const feasible: NodeState[] = [];
  for (const node of cluster.nodes) {
    const rejection = named && !named.has(node.name) ? NOT_NAMED : firstOf(prepared, node);
    if (rejection) rejections.set(node, rejection);
    else feasible.push(node);
  }
  if (feasible.length === 0) {
    const preempts = (pod.spec as { readonly preemptionPolicy?: string }).preemptionPolicy !== 'Never';
    return { is: 'unschedulable', message: whyNot(cluster.nodes.length, rejections, named, preempts) };
  }
  let best: ReturnType<typeof scored>[number] | undefined;
  for (const candidate of scored(pod, feasible, cluster)) {
    if (
      !best ||
      candidate.total > best.total ||
      (candidate.total === best.total && candidate.node.name < best.node.name)
    )
      best = candidate;
  }
  const { node, parts } = best as ReturnType<typeof scored>[number];
  return { is: 'placed', node, scores: parts, feasible: feasible.length };
}

function firstOf(
  prepared: readonly ((node: NodeState) => Rejection | undefined)[],
  node: NodeState,
): Rejection | undefined {
  for (const filter of prepared) {
    const rejection = filter(node);
    if (rejection) return rejection;
  }
  return undefined;
}
