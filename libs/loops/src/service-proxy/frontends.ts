import type { EndpointSlice, Service, ServicePort } from '#kinds';
import { ipText, parseIp } from '#meta';
import type { Frontend, ServiceProtocol } from '#model';
import { jsonEquals } from '#std';
import { isOurs } from '../service-load-balancer/index.js';
import { isInPool } from '../service-load-balancer/pool.js';
import { BalancerNodes } from './balancer-nodes.js';
import { usableEndpoints, type ProxyPlace, type UsableEndpoints } from './endpoints.js';

/** How long a client stays with a pod where nothing is said: three hours. */
const AFFINITY_SECONDS = 10_800;

/** All ways into a service on one node. A headless service and an ExternalName have none. */
export function frontendsOf(
  service: Service,
  slices: readonly EndpointSlice[],
  place: ProxyPlace,
  nodes: BalancerNodes = new BalancerNodes(),
): readonly Frontend[] {
  const { spec } = service;
  if (spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return [];
  const balanced = balancedOf(service, slices, place, nodes);
  return (spec.ports ?? []).flatMap((port) => frontendsOfPort(service, port, slices, { place, balanced }));
}

function frontendsOfPort(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  { place, balanced }: { readonly place: ProxyPlace; readonly balanced: readonly Balanced[] },
): readonly Frontend[] {
  const { spec, metadata } = service;
  const endpoints = new Map<string, UsableEndpoints>();
  const endpointsOf = (family: Family): UsableEndpoints => {
    const known = endpoints.get(family) ?? usableEndpoints(slices, port, place, family);
    endpoints.set(family, known);
    return known;
  };
  const protocol = (port.protocol ?? 'TCP') as ServiceProtocol;
  /** `at` is an address, or the family of a node port. */
  const frontend = (at: string, number: number, isExternal: boolean): Frontend => {
    const isLocal = (isExternal ? spec.externalTrafficPolicy : spec.internalTrafficPolicy) === 'Local';
    const isNodePort = isFamily(at);
    const { local, cluster, exists } = endpointsOf(isNodePort ? at : familyOf(at));
    return {
      key: `${isNodePort ? NODE_PORTS[at] : at}/${protocol}/${number}`,
      address: isNodePort ? undefined : at,
      ...(at === 'IPv6' && { family: at }),
      protocol,
      port: number,
      service: `${metadata.namespace ?? ''}/${metadata.name}:${port.name ?? ''}`,
      isExternal,
      backends: isLocal ? local : cluster,
      ...(isExternal && isLocal && !jsonEquals(cluster, local) && { inside: cluster }),
      affinitySeconds: affinityOf(service),
      hidesClient: isExternal && !isLocal,
      whenEmpty: isLocal && exists ? 'drop' : 'reject',
      sourceRanges: undefined,
      answeredBy: undefined,
    };
  };
  return [
    ...clusterAddresses(service).map((address) => frontend(address, port.port, false)),
    ...textsOf(spec.externalIPs ?? []).map((address) => frontend(address, port.port, true)),
    ...balanced.map(({ address, ...more }) => ({ ...frontend(address, port.port, true), ...more })),
    ...familiesOf(service).flatMap((family) => (port.nodePort ? [frontend(family, port.nodePort, true)] : [])),
  ];
}

/** What ways in by an address of a load balancer have beside others. */
type Balanced = Pick<Frontend, 'sourceRanges' | 'answeredBy'> & { readonly address: string };

function balancedOf(
  service: Service,
  slices: readonly EndpointSlice[],
  { pool, node }: ProxyPlace,
  nodes: BalancerNodes,
): readonly Balanced[] {
  const ranges = service.spec.loadBalancerSourceRanges ?? [];
  // Addresses that another balancer has given are answered for by that.
  const isAnswered = (address: string): boolean =>
    pool !== undefined &&
    isOurs(service) &&
    isInPool(pool, address) &&
    nodes.nodeFor(address, service, slices) === node;
  return balancerAddresses(service).map((address) => ({
    address,
    sourceRanges: ranges.length > 0 ? ranges.map((range) => range.trim()) : undefined,
    answeredBy: isAnswered(address) ? ('this node' as const) : ('other node' as const),
  }));
}

function clusterAddresses({ spec }: Service): readonly string[] {
  return textsOf(spec.clusterIPs && spec.clusterIPs.length > 0 ? spec.clusterIPs : [spec.clusterIP ?? '']);
}

/** Where packets arrive with the balancer's address; one of mode Proxy sends its own connections to node ports. */
function balancerAddresses({ spec, status }: Service): readonly string[] {
  if (spec.type !== 'LoadBalancer') return [];
  return textsOf(
    (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) => (ip && ipMode !== 'Proxy' ? [ip] : [])),
  );
}

/** Each address in its one text: two texts of one address would be two frontends. */
function textsOf(addresses: readonly string[]): readonly string[] {
  const texts = addresses.map((text) => {
    const address = parseIp(text);
    return address ? ipText(address) : text;
  });
  return [...new Set(texts)];
}

function affinityOf({ spec }: Service): number | undefined {
  if (spec.sessionAffinity !== 'ClientIP') return undefined;
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
}

type Family = 'IPv4' | 'IPv6';
const NODE_PORTS: Readonly<Record<Family, string>> = { IPv4: 'node', IPv6: 'node6' };

function isFamily(text: string): text is Family {
  return Object.hasOwn(NODE_PORTS, text);
}
/** Families in which nodes take its ports. */
function familiesOf(service: Service): readonly Family[] {
  return [...new Set(clusterAddresses(service).map(familyOf))];
}
function familyOf(address: string): Family {
  return parseIp(address)?.family ?? 'IPv4';
}
