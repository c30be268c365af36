import { parseCidr, parseIp } from '#meta';
import type { KubeObject } from '#model';

/** Reason of a node's NetworkUnavailable condition when it reaches no other node by routes: they are not to use routes either. */
export const INSISTS_ON_VXLAN = 'PodVxlan';

/** A node, as the others see it. */
export interface Peer {
  readonly name: string;
  readonly address: string;
  readonly podCidr: string;
  readonly insistsOnVxlan: boolean;
  /** Its range of IPv6 and its address of it, where it has them. */
  readonly podCidrIpv6?: string;
  readonly addressIpv6?: string;
  /** The Node was deleted: the path stays for connections that have begun, unless another node needs its range. */
  readonly isLeaving?: boolean;
}

interface Place {
  readonly spec?: { readonly podCIDR?: string | null; readonly podCIDRs?: readonly string[] | null };
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly { readonly type: string; readonly reason?: string | null }[];
  };
}

/** Undefined for a node that has no range or no IPv4 address yet. */
export function peerOf(node: KubeObject): Peer | undefined {
  const { spec = {}, status = {} } = node as unknown as Place;
  const podCidr = spec.podCIDR ?? undefined;
  const address = addressOf(status, 'IPv4');
  if (podCidr === undefined || address === undefined) return undefined;
  const condition = status.conditions?.find(({ type }) => type === 'NetworkUnavailable');
  const second = spec.podCIDRs?.find((cidr) => parseCidr(cidr)?.address.family === 'IPv6');
  const addressIpv6 = addressOf(status, 'IPv6');
  return {
    name: node.metadata.name,
    address,
    podCidr,
    insistsOnVxlan: condition?.reason === INSISTS_ON_VXLAN,
    ...(second !== undefined && { podCidrIpv6: second, ...(addressIpv6 !== undefined && { addressIpv6 }) }),
  };
}

function addressOf({ addresses }: NonNullable<Place['status']>, family: 'IPv4' | 'IPv6'): string | undefined {
  return addresses?.find(({ type, address }) => type === 'InternalIP' && parseIp(address)?.family === family)?.address;
}
