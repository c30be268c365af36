import type Docker from 'dockerode';
import type { NodeNetwork, PodNetwork } from '#ports';
import { statusOf, toFault } from './faults.js';
import { labelNames } from './labels.js';

/**
 * The bridge that pods of this node are on. One that is there already is kept while anything uses it. Where the wanted
 * range is taken, by another cluster on the same engine, a free one is used: pods reach each other all the same.
 */
export async function ensureNetwork(docker: Docker, name: string, network: NodeNetwork): Promise<void> {
  try {
    const found = (await docker.listNetworks({ filters: { name: [name] } })).find((n) => n.Name === name);
    if (found) {
      if (found.IPAM?.Config?.[0]?.Subnet === network.podCidr) return;
      if (!(await removed(docker, found.Id))) return;
    }
    for (const cidr of candidates(network.podCidr)) if (await created(docker, name, network, cidr)) return;
    throw new Error(`no free address range for pods: ${network.podCidr} and all others that were tried are taken`);
  } catch (error) {
    throw toFault(error);
  }
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
async function created(docker: Docker, name: string, network: NodeNetwork, cidr: string): Promise<boolean> {
  try {
    await docker.createNetwork({
      Name: name,
      CheckDuplicate: true,
      Driver: 'bridge',
      IPAM: { Driver: 'default', Config: [{ Subnet: cidr, Gateway: cidr.replace(/\.\d+\/\d+$/, '.1') }] },
      Labels: { [labelNames.cluster]: network.cluster, [labelNames.node]: network.node },
    } as Docker.NetworkCreateOptions);
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return true;
    if (/overlap/i.test(String(error))) return false;
    throw error;
  }
}
/** Other parts of the pod network, from its end, where nodes come last; then the network behind it. */
function candidates(wanted: string): readonly string[] {
  const within = Array.from({ length: 32 }, (_, i) => `10.244.${255 - i}.0/24`).filter((cidr) => cidr !== wanted);
  return [wanted, ...within, ...Array.from({ length: 255 }, (_, i) => `10.245.${i}.0/24`)];
}
