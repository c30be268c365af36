import type { Pod } from '#kinds';
import { filters, firstRejection, type Rejection } from './filters/index.js';
import type { ClusterState, NodeState } from './cluster-state.js';
import { namedNodes } from './node-affinity.js';
import { scored } from './scores/index.js';
import { preempt, type Preemption } from './preemption.js';
import { withNominated, type Nominations } from './nominated.js';
import { whyNot } from './unschedulable.js';

/** Where a pod goes, or why it goes nowhere. */
export type Placement =
  | {
      readonly is: 'placed';
      readonly node: NodeState;
      readonly scores: { readonly [score: string]: number };
      readonly feasible: number;
    }
  | { readonly is: 'unschedulable'; readonly message: string; readonly preemption: Preemption };

const NOT_NAMED: Rejection = { reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"], helpless: true };

/** Decides for one pod. Room that is kept for others of at least its priority is no room for it. Ties: the node's name. */
export function schedule(pod: Pod, cluster: ClusterState, nominations: Nominations): Placement {
  const named = namedNodes(pod);
  const lacks = cluster.nodes.length > 0 && named?.size !== 0 ? cluster.lacks(pod) : undefined;
  if (lacks !== undefined) {
    const message = `0/${cluster.nodes.length} nodes are available: ${lacks}. not found`;
    return { is: 'unschedulable', message, preemption: { is: 'useless', outcome: new Map() } };
  }
  const reserved = withNominated(pod, cluster, nominations);
  const prepared = filters.map((filter) => filter(pod, reserved));
  // A pod must not lean on others that are only nominated: it has to fit without them as well.
  const bare = reserved === cluster ? [] : filters.map((filter) => filter(pod, cluster));
  const rejections = new Map<NodeState, Rejection>();
  const feasible: NodeState[] = [];
  cluster.nodes.forEach((node, i) => {
    const rejection =
      named && !named.has(node.name)
        ? NOT_NAMED
        : (firstRejection(prepared, reserved.nodes[i] as NodeState) ?? firstRejection(bare, node));
    if (rejection) rejections.set(node, rejection);
    else feasible.push(node);
  });
  if (feasible.length === 0) {
    const preemption = preempt({ pod, cluster, nominations, rejections });
    const message = whyNot(cluster.nodes.length, rejections, named, preemption);
    return { is: 'unschedulable', message, preemption };
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
