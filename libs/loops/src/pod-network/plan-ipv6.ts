import { cidrContains, cidrText, networkOf, parseCidr, parseIp, strictIpReasons, unreachableReasons } from '#meta';
import type { PodPath } from '#model';
import type { Peer } from './peer.js';
import type { PathPlan, PodNetworkMode } from './plan.js';

export interface Ipv6Place {
  /** The node's own range. */
  readonly podCidr: string;
  readonly clusterCidr: string;
  readonly mode: PodNetworkMode;
  /** The node's own address and the bits of its network, where it has one. */
  readonly address?: string | undefined;
  readonly bits?: number | undefined;
}

/** A range has room for its own address, a first one, and more. */
const BITS_MAX = 126;

/**
 * How this node reaches the addresses of IPv6 that pods of other nodes have: as it reaches those of IPv4, by routes where both nodes
 * have addresses of IPv6 on one network too, and by VXLAN, which goes between their addresses of IPv4, elsewhere. What nodes say of
 * themselves is not trusted. Where ranges overlap, the node that comes first in `paths`, which are those of IPv4, has its range.
 */
export function planIpv6Paths(peers: Iterable<Peer>, paths: readonly PodPath[], place: Ipv6Place): PathPlan {
  const byName = new Map([...peers].map((peer) => [peer.name, peer]));
  const planned: PodPath[] = [];
  const problems: string[] = [];
  const taken = new TakenNetworks();
  taken.add(place.podCidr);
  for (const { node, address, way } of paths) {
    const peer = byName.get(node);
    const podCidr = peer?.podCidrIpv6;
    if (!peer || podCidr === undefined) continue;
    const isNear = way === 'route' && isOnLink(peer.addressIpv6, place);
    const problem = rangeProblem(podCidr, place, taken) ?? (isNear ? undefined : wayProblem(place));
    if (problem !== undefined) problems.push(`pods of node ${node} are not reached by IPv6: ${problem}`);
    else if (isNear && peer.addressIpv6 !== undefined)
      planned.push({ node, podCidr, address: peer.addressIpv6, way: 'route' });
    else planned.push({ node, podCidr, address, way: 'vxlan' });
  }
  return { paths: planned, problems };
}

function isOnLink(text: string | undefined, { address: own, bits }: Ipv6Place): boolean {
  const [address, link] = [text === undefined ? undefined : parseIp(text), parseCidr(`${own ?? ''}/${bits ?? 128}`)];
  if (text === undefined || text === own || !address || !link || link.bits >= BITS_MAX) return false;
  const isUsable = strictIpReasons(text).length === 0 && unreachableReasons(address).length === 0;
  // The first address of a network means all its routers.
  return isUsable && cidrContains(link, address) && cidrText(networkOf(link)) !== `${text}/${link.bits}`;
}

/** Takes the range where there is none. */
function rangeProblem(podCidr: string, { clusterCidr }: Ipv6Place, taken: TakenNetworks): string | undefined {
  const [range, cluster] = [parseCidr(podCidr), parseCidr(clusterCidr)];
  if (range?.address.family !== 'IPv6' || cidrText(networkOf(range)) !== podCidr)
    return `its range ${podCidr} is no network`;
  if (range.bits > BITS_MAX) return `its range ${podCidr} has no room for pods`;
  if (!cluster || range.bits < cluster.bits || !cidrContains(cluster, range.address))
    return `its range ${podCidr} is not within ${clusterCidr}`;
  return taken.add(podCidr) ? undefined : `its range ${podCidr} overlaps that of another node`;
}
function wayProblem({ mode }: Ipv6Place): string | undefined {
  if (mode !== 'routes') return undefined;
  return 'both nodes need addresses of IPv6 on one network, and SHIPLOG_POD_NETWORK is routes here';
}

/** Networks of which no two overlap. To add one costs its bits, however many there are. */
class TakenNetworks {
  private readonly networks = new Set<string>();
  /** Larger networks, in which one of these is. */
  private readonly around = new Set<string>();

  /** Returns false, and takes nothing, when it overlaps another one. */
  add(cidr: string): boolean {
    const range = parseCidr(cidr);
    if (!range || this.around.has(cidr)) return false;
    const larger = Array.from({ length: range.bits + 1 }, (_, bits) => cidrText(networkOf({ ...range, bits })));
    if (larger.some((one) => this.networks.has(one))) return false;
    this.networks.add(cidr);
    for (const one of larger) this.around.add(one);
    return true;
  }
}
