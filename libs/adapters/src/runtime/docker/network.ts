import type Docker from 'dockerode';
import { firstHost, ipv4Overlap } from '#meta';
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
  const { podCidr, mtu } = network;
  try {
    const found = (await docker.listNetworks({ filters: { name: [name] } })).find((n) => n.Name === name);
    if (found) {
      const subnet = found.IPAM?.Config?.[0]?.Subnet;
      const isRight = mtu === undefined || (found.Options as Record<string, string> | null)?.[MTU] === String(mtu);
      if (subnet === podCidr && (isRight || (await isUsed(docker, name)))) return;
      if (!(await removed(docker, found.Id))) {
        if (subnet === podCidr) return;
        const why = `pods of this node have addresses of ${subnet ?? 'no range'}, and its range is ${podCidr} now: drain the node`;
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
  const cidr = found.IPAM?.Config?.[0]?.Subnet;
  if (found.Driver !== 'bridge' || cidr === undefined) return undefined;
  return { bridge: found.Options?.['com.docker.network.bridge.name'] ?? `br-${found.Id.slice(0, 12)}`, cidr };
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
async function create(docker: Docker, name: string, { cluster, node, podCidr, mtu }: NodeNetwork): Promise<void> {
  try {
    await docker.createNetwork({
      Name: name,
      CheckDuplicate: true,
      Driver: 'bridge',
      IPAM: { Driver: 'default', Config: [{ Subnet: podCidr, Gateway: firstHost(podCidr) }] },
      Labels: { [labelNames.cluster]: cluster, [labelNames.node]: node },
      ...(mtu !== undefined && { Options: { [MTU]: String(mtu) } }),
    } as Docker.NetworkCreateOptions);
  } catch (error) {
    if (statusOf(error) === 409) return;
    if (/overlap/i.test(String(error))) throw await overlapFault(docker, podCidr);
    throw error;
  }
}
async function overlapFault(docker: Docker, podCidr: string): Promise<RuntimeFault> {
  const others = await docker.listNetworks();
  const other = others.find(({ IPAM }) => IPAM?.Config?.some(({ Subnet = '' }) => ipv4Overlap(Subnet, podCidr)));
  const whose = other ? `the network ${other.Name} of the container engine` : 'another network of the container engine';
  const advice = 'remove that, or start the cluster with another SHIPLOG_POD_CIDR';
  return new RuntimeFault(`the range ${podCidr} of this node's pods overlaps ${whose}: ${advice}`, 'network');
}
