import type Docker from 'dockerode';
import { cidrsOverlap, firstHost } from '#meta';
import { RuntimeFault, type NodeNetwork, type PodNetwork } from '#ports';
import { statusOf, toFault } from './faults.js';
import { labelNames } from './labels.js';

const NO_ADDRESS = /no available IPv4 addresses/i;
const MTU = 'com.docker.network.driver.mtu';

/**
 * The bridge that pods of this node are on. One that is there already is kept while anything uses it, with another MTU too.
 * Rejects with reason `network` when the range is somebody else's, or pods have addresses of another one.
 */
export async function ensureNetwork(docker: Docker, name: string, network: NodeNetwork): Promise<void> {
  const { podCidr, podCidrIpv6, mtu } = network;
  try {
    const found = (await docker.listNetworks({ filters: { name: [name] } })).find((n) => n.Name === name);
    if (found) {
      const [subnet, second] = subnetsOf(found);
      const hasMtu = mtu === undefined || (found.Options as Record<string, string> | null)?.[MTU] === String(mtu);
      const isRight = hasMtu && second === podCidrIpv6;
      // Pods keep an address of IPv6 that the node has lost its use for.
      const isUsable = subnet === podCidr && (podCidrIpv6 === undefined || second === podCidrIpv6);
      if (isUsable && (isRight || (await isUsed(docker, name)))) return;
      if (!(await removed(docker, found.Id))) {
        if (isUsable) return;
        const [has, wanted] = [
          [subnet ?? 'no range', second],
          [podCidr, podCidrIpv6],
        ].map((ranges) => ranges.filter((one) => one !== undefined).join(' and '));
        const why = `pods of this node have addresses of ${has}, and its range is ${wanted} now: drain the node`;
        throw new RuntimeFault(why, 'network');
      }
    }
    await create(docker, name, network);
  } catch (error) {
    throw toFault(error);
  }
}

/** Why a pod could not be started in words of its own, where no address was left for it; else what was said. */
export function sandboxFault(error: unknown, podCidr: string): unknown {
  if (!(error instanceof RuntimeFault) || !NO_ADDRESS.test(error.message)) return error;
  const what = `all addresses of ${podCidr}, the range of this node's pods, are taken`;
  return new RuntimeFault(`${what}: end pods, or move them to other nodes`, error.reason, { cause: error });
}

/** The bridge of a network, as the kernel calls it. */
export async function bridgeOf(docker: Docker, name: string): Promise<PodNetwork | undefined> {
  const found = (await docker.getNetwork(name).inspect()) as Docker.NetworkInspectInfo;
  const [cidr, cidrIpv6] = subnetsOf(found);
  if (found.Driver !== 'bridge' || cidr === undefined) return undefined;
  const bridge = found.Options?.['com.docker.network.bridge.name'] ?? `br-${found.Id.slice(0, 12)}`;
  return { bridge, cidr, ...(cidrIpv6 !== undefined && { cidrIpv6 }) };
}

/** The ranges of a network, of IPv4 and of IPv6. */
function subnetsOf({
  IPAM,
}: Pick<Docker.NetworkInspectInfo, 'IPAM'>): readonly [string | undefined, string | undefined] {
  const subnets = (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);
  return [subnets.find((subnet) => !subnet.includes(':')), subnets.find((subnet) => subnet.includes(':'))];
}

async function removed(docker: Docker, id: string): Promise<boolean> {
  try {
    await docker.getNetwork(id).remove();
    return true;
  } catch (error) {
    if (statusOf(error) === 403) return false;
    throw error;
  }
}
/** Containers that do not run have their network's address when they are started. */
async function isUsed(docker: Docker, name: string): Promise<boolean> {
  return (await docker.listContainers({ all: true, limit: 1, filters: { network: [name] } })).length > 0;
}
async function create(docker: Docker, name: string, network: NodeNetwork): Promise<void> {
  const { cluster, node, podCidr, podCidrIpv6, mtu } = network;
  const ranges = podCidrIpv6 === undefined ? [podCidr] : [podCidr, podCidrIpv6];
  try {
    await docker.createNetwork({
      Name: name,
      CheckDuplicate: true,
      Driver: 'bridge',
      ...(podCidrIpv6 !== undefined && { EnableIPv6: true }),
      IPAM: { Driver: 'default', Config: ranges.map((Subnet) => ({ Subnet, Gateway: firstHost(Subnet) })) },
      Labels: { [labelNames.cluster]: cluster, [labelNames.node]: node },
      ...(mtu !== undefined && { Options: { [MTU]: String(mtu) } }),
    } as Docker.NetworkCreateOptions);
  } catch (error) {
    if (statusOf(error) === 409) return;
    if (/overlap/i.test(String(error))) throw await overlapFault(docker, ranges);
    throw error;
  }
}
async function overlapFault(docker: Docker, ranges: readonly string[]): Promise<RuntimeFault> {
  const others = await docker.listNetworks();
  const overlaps = (network: Docker.NetworkInspectInfo, range: string): boolean =>
    network.IPAM?.Config?.some(({ Subnet = '' }) => cidrsOverlap(Subnet, range)) === true;
  const podCidr = ranges.find((range) => others.some((one) => overlaps(one, range))) ?? ranges[0] ?? '';
  const other = others.find((one) => overlaps(one, podCidr));
  const whose = other ? `the network ${other.Name} of the container engine` : 'another network of the container engine';
  const advice = 'remove that, or start the cluster with another SHIPLOG_POD_CIDR';
  return new RuntimeFault(`the range ${podCidr} of this node's pods overlaps ${whose}: ${advice}`, 'network');
}
