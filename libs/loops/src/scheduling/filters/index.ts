import type { NodeState } from '../cluster-state.js';
import type { Filter, NodeFilter, Rejection } from './filter.js';
import { affinity, ports, resources, taints, unschedulable } from './node.js';
import { podAffinity } from './pod-affinity.js';
import { topologySpread } from './spread.js';

/** In the order in which they speak: of a node only the first that rejects it is heard. */
export const filters: readonly Filter[] = [
  unschedulable,
  taints,
  affinity,
  ports,
  resources,
  topologySpread,
  podAffinity,
];
export type { Filter, NodeFilter, Rejection } from './filter.js';

/** Why a node will not do, as the first filter that rejects it says. */
export function firstRejection(prepared: readonly NodeFilter[], node: NodeState): Rejection | undefined {
  for (const filter of prepared) {
    const rejection = filter(node);
    if (rejection) return rejection;
  }
  return undefined;
}
