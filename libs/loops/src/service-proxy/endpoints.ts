import type { Endpoint, EndpointSlice, ServicePort } from '#kinds';
import type { Backend } from '#model';
import type { AddressPool } from '../service-load-balancer/pool.js';

/** What is particular about the node that the proxy runs on. */
export interface ProxyPlace {
  readonly node: string;
  /** Its `topology.kubernetes.io/zone`. */
  readonly zone: string | undefined;
  /** An address that other nodes know an endpoint by, and what it is here: an API that listens on loopback. */
  readonly redirect: Redirect | undefined;
  /** Addresses that one node of the cluster answers for; undefined: there are none. */
  readonly pool?: AddressPool | undefined;
}
export interface Redirect {
  readonly from: Omit<Backend, 'isLocal'>;
  readonly to: Omit<Backend, 'isLocal'>;
}

/** Endpoints of one port of a service that take new connections, for clients that may use each or only those of the node. */
export interface UsableEndpoints {
  readonly cluster: readonly Backend[];
  readonly local: readonly Backend[];
  /** Some node has one. */
  readonly exists: boolean;
}
interface Candidate {
  readonly backend: Backend;
  readonly endpoint: Endpoint;
}

/**
 * Ready endpoints; where there is none, those that still serve on their way out. Those that are meant for this node or zone
 * come before the others, if each ready endpoint is meant for somebody.
 */
export function usableEndpoints(
  slices: readonly EndpointSlice[],
  port: ServicePort,
  place: ProxyPlace,
  family: 'IPv4' | 'IPv6',
): UsableEndpoints {
  const candidates = slices
    .filter(({ addressType }) => addressType === family)
    .flatMap((slice) => candidatesIn(slice, port, place));
  const ready = candidates.filter(({ endpoint }) => isReady(endpoint));
  const leaving = candidates.filter(({ endpoint: { conditions = {} } }) => {
    const { ready: isUp = true, serving = isUp, terminating } = conditions;
    return serving && terminating === true;
  });
  const near = preferred(ready, place);
  const readyHere = ready.filter(({ backend }) => backend.isLocal);
  const here = readyHere.length > 0 ? readyHere : leaving.filter(({ backend }) => backend.isLocal);
  return {
    cluster: backendsOf(near.length > 0 ? near : leaving),
    local: backendsOf(here),
    exists: ready.length > 0 || leaving.length > 0,
  };
}

/** How many endpoints on this node are ready, whatever their ports. */
export function readyEndpointsHere(slices: readonly EndpointSlice[], { node }: ProxyPlace): number {
  const here = slices.flatMap(({ endpoints }) =>
    (endpoints ?? []).filter((one) => one.nodeName === node && isReady(one)),
  );
  // A pod with addresses of two families is one endpoint.
  return new Set(here.map(({ targetRef, addresses }) => targetRef?.uid ?? addresses?.[0])).size;
}

function candidatesIn(slice: EndpointSlice, port: ServicePort, place: ProxyPlace): readonly Candidate[] {
  const { name: wanted = '', protocol: wantedProtocol = 'TCP' } = port;
  const number = slice.ports?.find(
    ({ name = '', protocol = 'TCP' }) => name === wanted && protocol === wantedProtocol,
  )?.port;
  if (number === undefined) return [];
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const address = endpoint.addresses?.[0];
    if (address === undefined) return [];
    const isLocal = endpoint.nodeName === place.node;
    const { redirect } = place;
    if (redirect && redirect.from.address === address && redirect.from.port === number)
      return [{ endpoint, backend: { ...redirect.to, isLocal: true } }];
    return [{ endpoint, backend: { address, port: number, isLocal } }];
  });
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false;
}

function preferred(ready: readonly Candidate[], { node, zone }: ProxyPlace): readonly Candidate[] {
  const meantFor = (one: Candidate, what: 'forNodes' | 'forZones'): readonly { readonly name: string }[] =>
    one.endpoint.hints?.[what] ?? [];
  for (const [what, name] of [
    ['forNodes', node],
    ['forZones', zone],
  ] as const) {
    if (name === undefined || ready.some((one) => meantFor(one, what).length === 0)) continue;
    const near = ready.filter((one) => meantFor(one, what).some((hint) => hint.name === name));
    if (near.length > 0) return near;
  }
  return ready;
}

/** Several slices may name an endpoint while it moves between them. */
function backendsOf(candidates: readonly Candidate[]): readonly Backend[] {
  const found = new Map<string, Backend>();
  for (const { backend } of candidates) {
    const key = `${backend.address}/${backend.port}`;
    if (!found.has(key) || backend.isLocal) found.set(key, backend);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend);
}
