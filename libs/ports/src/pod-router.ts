import type { HostNetwork, PodPath, PodWay } from '#model';
import type { ContainerOwner } from './container-runtime.js';
import type { PodNetwork } from './pod-network.js';

/**
 * Joins the pods of one node with those of all others, and with the nodes themselves.
 *
 * Promises that every adapter keeps, once {@link apply} has resolved:
 * - pods and the node reach the pods of each node that a path names; a range of the cluster that no path names is unreachable at
 *   once, and its packets go nowhere else;
 * - a pod that is reached sees the address of the pod that calls, and the first address of a node's range when a node does;
 * - where a path has a spare way, what comes by that is taken like what comes by the other, and probes of the node's first address
 *   (`PathProber`) go by the way that they are of;
 * - packets of pods that leave the cluster carry the node's address;
 * - what is there already is left alone, what somebody else changed or removed is mended, and what is left over, of earlier lives
 *   too, is taken away; nothing else on the machine is changed;
 * - it goes on when the process ends.
 * A plan that is not whole takes away nothing of a path that it does not name. Calls come one after the other. What goes wrong rejects
 * with an Error that says it in a sentence; what concerns single paths is told, and keeps none of the others from being made.
 */
export interface PodRouter {
  /** The node's networks, whether or not anything was applied. */
  host(): Promise<HostNetwork>;
  /** By which way each range is reached as it is, by what earlier lives made too. */
  ways(owner: ContainerOwner): Promise<ReadonlyMap<string, PodWay>>;
  /** Resolves with the paths that could not be made. */
  apply(plan: PodRouterPlan): Promise<readonly PathFailure[]>;
  /** Takes away all that was made. */
  remove(owner: ContainerOwner): Promise<void>;
}

export interface PodRouterPlan extends ContainerOwner {
  readonly pods: PodNetwork;
  /** The network of all pods of the cluster. */
  readonly podCidr: string;
  /** The node's own address, by which others reach it. */
  readonly address: string;
  readonly paths: readonly PodPath[];
  /** The same for pods' addresses of IPv6; undefined: they have none. */
  readonly ipv6?: { readonly podCidr: string; readonly paths: readonly PodPath[] };
  /** All nodes of the cluster are known: whoever has no path is to have none. */
  readonly isWhole: boolean;
}

export interface PathFailure {
  readonly node: string;
  readonly why: string;
  /** The path is there, and its spare way is not. */
  readonly isSpare?: boolean;
}
