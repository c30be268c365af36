import type { Endpoint, EndpointSlice, Service } from '#kinds';
import { fnv32 } from '#std';
import type { ProxyPlace } from './endpoints.js';

/** Ways into one service, and endpoints behind all of them together, that a node leads: more would keep it from its other work. */
const WAYS_MAX = 10_000;
const BACKENDS_MAX = 100_000;

/** What of a service a node leads. */
export interface Led {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  /** Says that some of it is left out; undefined: nothing is. */
  readonly limit: string | undefined;
}

/**
 * A service as it is, or as much of it as a node can lead: the first of its ports, each with some of the endpoints. Those that are
 * ready come first, those of this node before others, and of the others each node has its own choice.
 */
export function ledOf(service: Service, slices: readonly EndpointSlice[], place: ProxyPlace): Led {
  const { spec, metadata, status } = service;
  const all = spec.ports ?? [];
  const addresses = [spec.clusterIPs, spec.externalIPs, status?.loadBalancer?.ingress].map((list) => list?.length ?? 0);
  const nodePorts = all.some(({ nodePort }) => nodePort) ? Math.max(spec.clusterIPs?.length ?? 1, 1) : 0;
  const waysPerPort = addresses.reduce((sum, count) => sum + count, nodePorts) || 1;
  const ports = all.slice(0, Math.max(Math.floor(WAYS_MAX / waysPerPort), 1));
  const endpointsMax = Math.max(Math.floor(BACKENDS_MAX / (waysPerPort * ports.length || 1)), 1);
  const count = slices.reduce((sum, { endpoints }) => sum + (endpoints?.length ?? 0), 0);
  if (ports.length === all.length && count <= endpointsMax) return { service, slices, limit: undefined };
  const used = Math.min(count, endpointsMax);
  const limit = `service ${metadata.namespace ?? ''}/${metadata.name} has ${all.length} ports with ${count} endpoints: ${ports.length} ports lead to ${used} of them`;
  const cut = { ...service, spec: { ...spec, ports } };
  return { service: cut, slices: count <= endpointsMax ? slices : some(slices, endpointsMax, place), limit };
}

function some(slices: readonly EndpointSlice[], most: number, { node }: ProxyPlace): readonly EndpointSlice[] {
  const rank = (endpoint: Endpoint): number =>
    (endpoint.conditions?.ready === false ? 2 : 0) + (endpoint.nodeName === node ? 0 : 1);
  const ranked = slices
    .flatMap((slice) => slice.endpoints ?? [])
    .map((endpoint) => ({
      endpoint,
      rank: rank(endpoint),
      place: fnv32(`${node} ${endpoint.addresses?.[0] ?? ''}`),
    }));
  ranked.sort((a, b) => a.rank - b.rank || a.place - b.place);
  const kept = new Set(ranked.slice(0, most).map(({ endpoint }) => endpoint));
  return slices.map(
    (slice) => ({ ...slice, endpoints: slice.endpoints?.filter((endpoint) => kept.has(endpoint)) }) as EndpointSlice,
  );
}
