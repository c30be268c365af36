import type { PodPath } from '#model';
import { INSISTS_ON_VXLAN } from './peer.js';

export interface NetworkState {
  /** This node reaches all others by VXLAN, and is to be reached so. */
  readonly insistsOnVxlan: boolean;
  /** There are nodes on other machines. */
  readonly hasOthers: boolean;
  readonly paths: readonly PodPath[];
  /** Why no path could be made. */
  readonly failure?: string | undefined;
}
export interface NetworkCondition {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/**
 * What a node says of its network. It says the same of many nodes as of a few, so that a node that joins changes it on few others. By
 * the reason alone the others know how to reach it: a failure, which passes, does not change how.
 */
export function networkCondition({ insistsOnVxlan, hasOthers, paths, failure }: NetworkState): NetworkCondition {
  // A node by itself is whole without a network.
  if (failure !== undefined && hasOthers) {
    const reason = insistsOnVxlan ? INSISTS_ON_VXLAN : 'PodNetworkFailed';
    return { status: 'True', reason, message: `pods of other nodes are not reached: ${failure}` };
  }
  const ways = new Set(paths.map(({ way }) => way));
  const by =
    ways.size === 2 ? 'by routes, and by VXLAN on other networks' : ways.has('vxlan') ? 'by VXLAN' : 'by routes';
  const message = insistsOnVxlan ? 'pods of other nodes are reached by VXLAN' : `pods of other nodes are reached ${by}`;
  return { status: 'False', reason: insistsOnVxlan ? INSISTS_ON_VXLAN : 'PodRoutes', message };
}
