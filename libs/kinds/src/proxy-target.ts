import { parseIp, unreachableReasons } from '#meta';
import { refusals, type Refusal, type View } from '#model';
import type { Pod } from '#pod';
import { goQuote } from '#std';
import { endpointsRef, type EndpointAddress } from './core/endpoints/index.js';
import { nodes } from './core/node/index.js';
import { pods } from './core/pod/index.js';
import { services } from './core/service/index.js';

/** Address that a proxied request is sent to. */
export interface ProxyTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** The pod behind it, whose node reaches it in any case; undefined when the address is its node's. */
  readonly pod: ProxiedPod | undefined;
}
export interface ProxiedPod {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

/** The agent of a node, which answers what a kubelet does. */
export interface NodeTarget {
  readonly node: string;
}
/** The port of a kubelet. An agent listens on none: what is sent there goes over the bus. */
const KUBELET_PORT = '10250';

/** `name`, `name:port` or `scheme:name:port`, as the last part of a proxy's path says it. */
interface Asked {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

/** Resolves the name in a `proxy` path of a service, a pod or a node to an address. */
export function proxyTarget(
  view: View,
  plural: string,
  namespace: string,
  text: string,
): ProxyTarget | NodeTarget | Refusal {
  const asked = askedFor(text);
  if (!asked)
    return refusals.badRequest(
      `invalid ${plural === 'services' ? 'service' : plural.slice(0, -1)} request ${goQuote(text)}`,
    );
  if (plural === 'services') return serviceTarget(view, namespace, asked);
  return plural === 'pods' ? podTarget(view, namespace, asked) : nodeTarget(view, asked);
}

function askedFor(text: string): Asked | undefined {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: parts[0] as string, port: parts[1] as string };
  const [scheme, name = '', port = ''] = parts;
  if (parts.length > 3 || (scheme !== '' && scheme !== 'http' && scheme !== 'https')) return undefined;
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

function serviceTarget(view: View, namespace: string, { scheme, name, port }: Asked): ProxyTarget | Refusal {
  const missing = refusals.notFound({ group: '', resource: 'services', kind: 'Service', name });
  const service = view.get(services, namespace, name);
  let portName = port;
  if (/^\d+$/.test(port)) {
    if (!service) return missing;
    const found = (service.spec.ports ?? []).find((one) => one.port === Number(port));
    if (!found) return refusals.unavailable(`no service port ${port} found for service ${goQuote(name)}`);
    portName = found.name ?? '';
  }
  const endpoints = view.get(endpointsRef, namespace, name);
  if (!service || !endpoints) return missing;
  for (const { addresses = [], ports = [] } of endpoints.subsets ?? []) {
    const number = ports.find((one) => (one.name ?? '') === portName)?.port;
    if (number === undefined) continue;
    for (const address of addresses) {
      const pod = podBehind(view, namespace, address);
      if (pod) return { scheme, host: address.ip, port: number, pod: proxied(pod) };
    }
  }
  return refusals.unavailable(`no endpoints available for service ${goQuote(name)}`);
}

/** Endpoints are anybody's words: what is behind them has to be a pod that says the same of itself. */
function podBehind(view: View, namespace: string, { ip, targetRef }: EndpointAddress): Pod | undefined {
  if (targetRef?.kind !== 'Pod' || targetRef.namespace !== namespace || !isOutside(ip)) return undefined;
  const pod = view.get(pods, namespace, targetRef.name ?? '');
  const { podIP, podIPs = [] } = pod?.status ?? {};
  return podIP === ip || podIPs.some((one) => one.ip === ip) ? pod : undefined;
}
/** A pod in its node's network is at an address that others reach too: its agent would open the node's loopback for it. */
function proxied({ metadata, spec }: Pod): ProxiedPod | undefined {
  const { nodeName: node = '', hostNetwork } = spec;
  if (node === '' || hostNetwork === true) return undefined;
  return { node, namespace: metadata.namespace ?? '', pod: metadata.name, uid: metadata.uid };
}
/** What only this machine reaches is not for those who ask it from outside. */
function isOutside(ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && unreachableReasons(address).length === 0;
}

function podTarget(view: View, namespace: string, { scheme, name, port }: Asked): ProxyTarget | Refusal {
  const pod = view.get(pods, namespace, name);
  if (!pod) return refusals.notFound({ group: '', resource: 'pods', kind: 'Pod', name });
  const { spec, status } = pod;
  const first = spec.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const number = port === '' ? (first ?? (scheme === 'https' ? 443 : 80)) : Number(port);
  if (!status?.podIP || !isOutside(status.podIP) || !Number.isInteger(number))
    return refusals.badRequest('address not allowed');
  return { scheme, host: status.podIP, port: number, pod: proxied(pod) };
}

function nodeTarget(view: View, { name, port }: Asked): NodeTarget | Refusal {
  if (!view.get(nodes, undefined, name)) return refusals.notFound({ group: '', resource: 'nodes', kind: 'Node', name });
  if (port === '' || port === KUBELET_PORT) return { node: name };
  return refusals.unavailable(
    `error trying to reach service: node ${goQuote(name)} serves nothing of its own on port ${port}`,
  );
}
