import type { Endpoint, EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from '#kinds';
import { portsKey, type PortGroup } from '../endpoint-slice/endpoints.js';

/** The addresses of one family as endpoints, by their ports. An address in two subsets of the same ports is one endpoint. */
export function groupsOf(endpoints: Endpoints, family: string): readonly PortGroup[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  for (const subset of endpoints.subsets ?? []) {
    const found = endpointsIn(subset, family);
    if (found.length === 0) continue;
    const ports = portsOf(subset);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(...found);
    groups.set(key, group);
  }
  return [...groups].map(([key, group]) => ({ key, ...group }));
}

function endpointsIn({ addresses, notReadyAddresses }: EndpointSubset, family: string): readonly Endpoint[] {
  const ofFamily = ({ ip }: EndpointAddress): boolean => ip.includes(':') === (family === 'IPv6');
  return [
    ...(addresses ?? []).filter(ofFamily).map((address) => endpointOf(address, true)),
    ...(notReadyAddresses ?? []).filter(ofFamily).map((address) => endpointOf(address, false)),
  ];
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(targetRef && { targetRef }),
  };
}

function portsOf({ ports }: EndpointSubset): readonly EndpointPort[] {
  return (ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol !== undefined && { appProtocol }),
  }));
}
