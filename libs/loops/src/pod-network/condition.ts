import { firstHost } from '#meta';
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
  const silent = paths.filter(({ way, isProbed }) => isProbed && way === 'vxlan');
  const ways = new Set(paths.flatMap(({ way, isProbed }) => (isProbed && way === 'vxlan' ? [] : [way])));
  const by =
    ways.size === 2 ? 'by routes, and by VXLAN on other networks' : ways.has('vxlan') ? 'by VXLAN' : 'by routes';
  const usual = insistsOnVxlan ? 'pods of other nodes are reached by VXLAN' : `pods of other nodes are reached ${by}`;
  const said = [
    ...(ways.size > 0 || silent.length === 0 ? [usual] : []),
    ...(silent.length > 0 ? [around(silent)] : []),
  ];
  return { status: 'False', reason: insistsOnVxlan ? INSISTS_ON_VXLAN : 'PodRoutes', message: said.join('; ') };
}

/** So many nodes are named. */
const NAMED_MAX = 3;

/** That nodes are reached by VXLAN since the route to them does not work. */
function around(silent: readonly PodPath[]): string {
  const named = silent.slice(0, NAMED_MAX);
  const listed = (all: readonly string[]): string =>
    silent.length > NAMED_MAX ? `${all.join(', ')} and others` : all.join(', ').replace(/, ([^,]*)$/, ' and $1');
  const nodes = listed(named.map(({ node }) => node));
  const gateways = listed(named.map(({ podCidr }) => firstHost(podCidr) ?? podCidr));
  const [way, does] = silent.length === 1 ? ['way', 'does'] : ['ways', 'do'];
  return `pods of ${nodes} are reached through the overlay: the direct ${way} to ${gateways} ${does} not answer`;
}
