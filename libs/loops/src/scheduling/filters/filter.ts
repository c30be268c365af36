import type { Pod } from '#kinds';
import type { ClusterState, NodeState } from '../cluster-state.js';

/** Why a pod cannot go to a node. `helpless` when evicting pods there would not help either. */
export interface Rejection {
  readonly reasons: readonly string[];
  readonly helpless: boolean;
}
/** Prepared once for a pod, then asked for each node; undefined means the node will do. */
export type NodeFilter = (node: NodeState) => Rejection | undefined;
export type Filter = (pod: Pod, cluster: ClusterState) => NodeFilter;

export const helpless = (...reasons: string[]): Rejection => ({ reasons, helpless: true });
export const helpable = (...reasons: string[]): Rejection => ({ reasons, helpless: false });
/** A filter that has nothing to say about this pod. */
export const passes: NodeFilter = () => undefined;
