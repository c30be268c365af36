import { parseIp, unreachableReasons } from '#meta';
import type { View } from '#model';
import { fnv32, goQuote } from '#std';
import { services } from './core/service/index.js';
import { slicesByService, type EndpointSlice } from './discovery/endpointslice/index.js';

/** A port of a service, by its number. */
export interface ServicePortRef {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}
export interface ServiceEndpoint {
  /** IP address without brackets, or a DNS name. */
  readonly host: string;
  readonly port: number;
}
/** Why a service has no endpoint, in Kubernetes' words. */
export interface NoServiceEndpoint {
  readonly problem: string;
  readonly reason: 'ServiceNotFound' | 'ServicePortNotFound' | 'EndpointsNotFound';
}

/** So many endpoints are named: a client that cannot connect to one tries the next. */
const NAMED_MAX = 3;

/**
 * Resolves a port of a service to addresses of ready endpoints, for a client in the control plane that the addresses of
 * services do not lead anywhere: admission and conversion webhooks, aggregated APIs. `seed` chooses the first one, so callers
 * with different seeds share the load. A service of type ExternalName resolves to its name. Addresses that only the machine of
 * the server reaches (loopback, link-local) are left out: who may write endpoints may not aim the server at itself.
 */
export function serviceEndpoints(
  view: View,
  { namespace, name, port }: ServicePortRef,
  seed = '',
): readonly [ServiceEndpoint, ...ServiceEndpoint[]] | NoServiceEndpoint {
  const service = view.get(services, namespace, name);
  if (!service) return { reason: 'ServiceNotFound', problem: `service ${goQuote(name)} not found` };
  const { type, externalName = '', ports = [] } = service.spec;
  if (type === 'ExternalName') return [{ host: externalName, port }];
  const servicePort = ports.find((one) => one.port === port && (one.protocol ?? 'TCP') === 'TCP');
  if (!servicePort) {
    const problem = `no service port ${port} found for service ${goQuote(name)}`;
    return { reason: 'ServicePortNotFound', problem };
  }
  const slices = view.by(slicesByService, `${namespace}/${name}`);
  const ready = slices.flatMap((slice) => readyEndpoints(slice, servicePort.name ?? ''));
  const start = ready.length === 0 ? 0 : fnv32(seed) % ready.length;
  const [first, ...others] = [...ready.slice(start), ...ready.slice(0, start)].slice(0, NAMED_MAX);
  if (first) return [first, ...others];
  return { reason: 'EndpointsNotFound', problem: `no endpoints available for service ${goQuote(name)}` };
}

function readyEndpoints({ endpoints, ports }: EndpointSlice, portName: string): readonly ServiceEndpoint[] {
  const port = ports?.find(({ name = '', protocol = 'TCP' }) => name === portName && protocol === 'TCP')?.port;
  if (port === undefined) return [];
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses?.[0] ?? [])
    .filter(isReachable)
    .map((host) => ({ host, port }));
}

/** A text that is no IP address is the name of a slice of type FQDN. */
function isReachable(host: string): boolean {
  const address = parseIp(host);
  return address === undefined || unreachableReasons(address).length === 0;
}
