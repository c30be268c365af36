import { cidrText, ipv4Overlap, ipv4Range, networkOf, parseCidr, strictIpReasons, type Ipv4Range } from '#meta';
import type { HostNetwork, HostRoute, PodPath } from '#model';
import type { Peer } from './peer.js';
import type { PathChoice } from './ways.js';

/** Bytes that VXLAN puts around a packet. */
const VXLAN_BYTES = 50;
const MTU_DEFAULT = 1500;

/** Of addresses that mean one machine each, everywhere: neither `this network`, loopback, nor several machines. */
const isUnicast = (firstByte: number): boolean => firstByte > 0 && firstByte < 224 && firstByte !== 127;
/** A range has room for its own address, a first one, and one more. */
const RANGE_MIN = 4;

/** `auto`: by routes where both nodes are on one layer-2 network that lets them through and neither insists on VXLAN, by VXLAN elsewhere. */
export type PodNetworkMode = 'auto' | 'routes' | 'vxlan';

export interface PodNetworkPlace {
  readonly node: string;
  /** The node's own address, as others see it. */
  readonly address: string;
  /** The node's own range. */
  readonly podCidr: string;
  readonly clusterCidr: string;
  readonly mode: PodNetworkMode;
  readonly host: HostNetwork;
  /** By which way a node on the same layer-2 network is reached, by what works; undefined: nobody asks, and it is the route. */
  readonly choice?: ((peer: Peer) => PathChoice) | undefined;
}
export interface PathPlan {
  /** By the names of nodes. */
  readonly paths: readonly PodPath[];
  /** One sentence for each node whose pods are not reached, and should be. */
  readonly problems: readonly string[];
}

/**
 * How this node reaches the pods of each other one. Both sides of a path decide alike, since both look at the same two addresses and
 * the same conditions: other networks that a host is on do not count, of which the other side knows nothing. A node on the same machine
 * needs no path: the machine has its bridge. Where ranges overlap, the node that comes first by name has its range, and a deleted Node
 * has it last. Where a route may be used, whether it works decides ({@link PodNetworkPlace.choice}). What nodes say of themselves is not trusted: a node whose address or range cannot be used is a problem by itself.
 */
export function planPaths(peers: Iterable<Peer>, place: PodNetworkPlace): PathPlan {
  const paths: PodPath[] = [];
  const problems: string[] = [];
  const taken = new TakenRanges(place.podCidr);
  const here = hereOf(place);
  const own = new Set(place.host.addresses.map(({ address }) => address));
  for (const peer of [...peers].sort(byPrecedence)) {
    const { name: node, address, podCidr, isLeaving = false } = peer;
    if (node === place.node || own.has(address)) continue;
    const problem = addressProblem(peer, here) ?? rangeProblem(peer, here, taken) ?? wayProblem(peer, here);
    if (problem === undefined) paths.push({ node, podCidr, address, ...wayTo(peer, here) });
    else if (!isLeaving) problems.push(`pods of node ${node} are not reached: ${problem}`);
  }
  return { paths, problems };
}
function byPrecedence(a: Peer, b: Peer): number {
  const { isLeaving: aLeaves = false } = a;
  const { isLeaving: bLeaves = false } = b;
  if (aLeaves !== bLeaves) return aLeaves ? 1 : -1;
  return a.name < b.name ? -1 : 1;
}

/** Bytes of the largest packet that pods may send: where some may go by VXLAN, all are as small as those have to be. */
export function podMtu(host: HostNetwork, address: string, mode: PodNetworkMode): number {
  const uplink = host.addresses.find((one) => one.address === address)?.mtu ?? MTU_DEFAULT;
  // Loopback takes packets that no other device does.
  return Math.min(uplink, 9000) - (mode === 'routes' ? 0 : VXLAN_BYTES);
}

/** What is the same for all paths of a node. */
interface Here {
  readonly place: PodNetworkPlace;
  /** The network that the node's own address is on; undefined: it is on none. */
  readonly link: Ipv4Range | undefined;
  readonly cluster: Ipv4Range | undefined;
  /** The host's own networks that a range of the cluster may overlap. */
  readonly routes: readonly HostRoute[];
}
function hereOf(place: PodNetworkPlace): Here {
  const { address, clusterCidr, host } = place;
  const bits = host.addresses.find((one) => one.address === address && one.bits < 32)?.bits;
  return {
    place,
    link: bits === undefined ? undefined : ipv4Range(`${address}/${bits}`),
    cluster: ipv4Range(clusterCidr),
    routes: host.routes.filter(({ cidr, isIndirect }) => !isIndirect && ipv4Overlap(cidr, clusterCidr)),
  };
}

function wayTo(peer: Peer, here: Here): Pick<PodPath, 'way' | 'spare' | 'isProbed'> {
  if (needsVxlan(peer, here)) return { way: 'vxlan' };
  const { mode, choice } = here.place;
  return choice && mode === 'auto' ? { ...choice(peer), isProbed: true } : { way: 'route' };
}
function needsVxlan({ address, insistsOnVxlan }: Peer, { place, link }: Here): boolean {
  return place.mode === 'vxlan' || insistsOnVxlan || placeIn(link, address) === undefined;
}
/** Which address of a range it is, counted from 0; undefined: none of them. */
function placeIn(range: Ipv4Range | undefined, address: string): number | undefined {
  const at = numberOf(address) - (range?.first ?? 0);
  return range && at >= 0 && at < range.size ? at : undefined;
}
function numberOf(address: string): number {
  return ipv4Range(`${address}/32`)?.first ?? NaN;
}

function addressProblem({ address }: Peer, { link }: Here): string | undefined {
  if (strictIpReasons(address).length > 0 || !isUnicast(Math.floor(numberOf(address) / 2 ** 24)))
    return `its address ${address} is none of one machine in IPv4`;
  const at = placeIn(link, address);
  if (link === undefined || at === undefined || link.size < RANGE_MIN || (at > 0 && at < link.size - 1))
    return undefined;
  return `its address ${address} means all machines of a network`;
}
function rangeProblem({ podCidr }: Peer, { place, cluster, routes }: Here, taken: TakenRanges): string | undefined {
  const { clusterCidr } = place;
  const [range, cidr] = [ipv4Range(podCidr), parseCidr(podCidr)];
  if (!range || !cidr) return `its range ${podCidr} is none of IPv4`;
  const canonical = cidrText(networkOf(cidr));
  if (canonical !== podCidr) return `its range ${podCidr} is no network, as ${canonical} is`;
  if (range.size < RANGE_MIN) return `its range ${podCidr} has no room for pods`;
  if (!cluster || range.first < cluster.first || range.first + range.size > cluster.first + cluster.size)
    return `its range ${podCidr} is not within ${clusterCidr}`;
  const route = routes.find((one) => ipv4Overlap(one.cidr, podCidr));
  if (route) return `its range ${podCidr} overlaps ${route.cidr}, which this host has on ${route.device}`;
  return taken.add(podCidr) ? undefined : `its range ${podCidr} overlaps that of another node`;
}
function wayProblem(peer: Peer, here: Here): string | undefined {
  const { address, mode } = here.place;
  if (mode !== 'routes' || !needsVxlan(peer, here)) return undefined;
  const why = peer.insistsOnVxlan
    ? 'it takes packets by VXLAN only'
    : `${peer.address} is not on the network of this node's address ${address}`;
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
