import { cidrContains, ipv4Overlap, ipv4Range, parseCidr, parseIp } from '#meta';
import type { HostAddress, HostNetwork, PodPath } from '#model';
import type { Peer } from './peer.js';

/** Bytes that VXLAN puts around a packet. */
const VXLAN_BYTES = 50;
const MTU_DEFAULT = 1500;

/** `auto`: by routes where both nodes are on one layer-2 network and neither insists on VXLAN, by VXLAN elsewhere. */
export type PodNetworkMode = 'auto' | 'routes' | 'vxlan';

export interface PodNetworkPlace {
  readonly node: string;
  /** The node's own range. */
  readonly podCidr: string;
  readonly clusterCidr: string;
  readonly mode: PodNetworkMode;
  readonly host: HostNetwork;
}
export interface PathPlan {
  /** By the names of nodes. */
  readonly paths: readonly PodPath[];
  /** One sentence for each node whose pods are not reached, and should be. */
  readonly problems: readonly string[];
}

/**
 * How this node reaches the pods of each other one. Both sides of a path decide alike, since both see the same networks and the same
 * conditions. A node on the same machine needs no path: the machine has its bridge. Where ranges overlap, the node that comes first
 * by name has its range.
 */
export function planPaths(peers: Iterable<Peer>, place: PodNetworkPlace): PathPlan {
  const paths: PodPath[] = [];
  const problems: string[] = [];
  const taken = new TakenRanges(place.podCidr);
  const own = new Set(place.host.addresses.map(({ address }) => address));
  for (const peer of [...peers].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name: node, address, podCidr } = peer;
    if (node === place.node || own.has(address)) continue;
    const problem = rangeProblem(peer, place, taken) ?? wayProblem(peer, place);
    if (problem !== undefined) problems.push(`pods of node ${node} are not reached: ${problem}`);
    else paths.push({ node, podCidr, address, way: needsVxlan(peer, place) ? 'vxlan' : 'route' });
  }
  return { paths, problems };
}

/** Bytes of the largest packet that pods may send: where some may go by VXLAN, all are as small as those have to be. */
export function podMtu(host: HostNetwork, address: string, mode: PodNetworkMode): number {
  const uplink = host.addresses.find((one) => one.address === address)?.mtu ?? MTU_DEFAULT;
  // Loopback takes packets that no other device does.
  return Math.min(uplink, 9000) - (mode === 'routes' ? 0 : VXLAN_BYTES);
}

function needsVxlan({ address, insistsOnVxlan }: Peer, { mode, host }: PodNetworkPlace): boolean {
  return mode === 'vxlan' || insistsOnVxlan || !host.addresses.some((one) => isOnLink(one, address));
}
function isOnLink({ address, bits }: HostAddress, other: string): boolean {
  const [network, ip] = [parseCidr(`${address}/${bits}`), parseIp(other)];
  return network !== undefined && ip !== undefined && bits < 32 && cidrContains(network, ip);
}

function rangeProblem(
  { podCidr }: Peer,
  { clusterCidr, host }: PodNetworkPlace,
  taken: TakenRanges,
): string | undefined {
  const [range, cluster] = [ipv4Range(podCidr), ipv4Range(clusterCidr)];
  if (!range) return `its range ${podCidr} is none of IPv4`;
  if (!cluster || range.first < cluster.first || range.first + range.size > cluster.first + cluster.size)
    return `its range ${podCidr} is not within ${clusterCidr}`;
  const route = host.routes.find(({ cidr, isIndirect }) => !isIndirect && ipv4Overlap(cidr, podCidr));
  if (route) return `its range ${podCidr} overlaps ${route.cidr}, which this host has on ${route.device}`;
  return taken.add(podCidr) ? undefined : `its range ${podCidr} overlaps that of another node`;
}
function wayProblem(peer: Peer, place: PodNetworkPlace): string | undefined {
  if (place.mode !== 'routes' || !needsVxlan(peer, place)) return undefined;
  const why = peer.insistsOnVxlan ? 'it takes packets by VXLAN only' : `${peer.address} is on no network of this node`;
  return `${why}, and SHIPLOG_POD_NETWORK is routes here`;
}

/** Ranges of which no two overlap. They are aligned to their sizes, so that two overlap only if one is within the other. */
class TakenRanges {
  private readonly firsts = new Map<number, Set<number>>();

  constructor(private readonly own: string) {}

  /** Returns false, and takes nothing, when it overlaps another one. */
  add(cidr: string): boolean {
    const range = ipv4Range(cidr);
    if (!range || ipv4Overlap(cidr, this.own)) return false;
    for (const [size, firsts] of this.firsts) {
      if (size >= range.size && firsts.has(range.first - (range.first % size))) return false;
      if (size < range.size)
        for (let at = range.first; at < range.first + range.size; at += size) if (firsts.has(at)) return false;
    }
    this.firsts.set(range.size, (this.firsts.get(range.size) ?? new Set()).add(range.first));
    return true;
  }
}
