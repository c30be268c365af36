import { hasEnded, isReady, type Pod } from '#pod';
import { nodes, type Endpoint, type EndpointPort, type Service } from '#kinds';
import type { View } from '#model';
import { stableStringify, type Json } from '#std';
import { podsWith } from '../shared/index.js';
import { isHeadless } from './labels.js';

export const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Endpoints that share their ports, and so may share a slice. */
export interface PortGroup {
  /** Tells groups apart. */
  readonly key: string;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** The endpoints of a service in one address family, by the ports that their pods really have. */
export function endpointsOf(view: View, service: Service, family: string): readonly PortGroup[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of podsWith(view, service.metadata.namespace, service.spec.selector ?? {})) {
    if (hasEnded(pod)) continue;
    const endpoint = endpointOf(view, service, pod, family);
    if (!endpoint) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpoint);
    groups.set(key, group);
  }
  return [...groups].map(([key, group]) => ({ key, ...group }));
}
export function portsKey(ports: readonly EndpointPort[] | null | undefined): string {
  return stableStringify([...(ports ?? [])].map((port) => stableStringify(port as unknown as Json)).sort());
}

function endpointOf(view: View, service: Service, pod: Pod, family: string): Endpoint | undefined {
  const address = addressOf(pod, family);
  const { nodeName } = pod.spec;
  const node = nodeName ? view.get(nodes, undefined, nodeName) : undefined;
  const always = service.spec.publishNotReadyAddresses === true;
  // A pod of a node that is no more will soon be gone itself.
  if (address === undefined || (!node && !always)) return undefined;
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = always || (serving && !terminating);
  const zone = node?.metadata.labels?.[ZONE_LABEL];
  const { namespace, name, uid } = pod.metadata;
  const hints = ready ? hintsOf(service, nodeName, zone) : undefined;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(isNamed(service, pod) && pod.spec.hostname !== undefined && { hostname: pod.spec.hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', ...(namespace !== undefined && { namespace }), name, uid },
    ...(zone !== undefined && { zone }),
    ...(hints && { hints }),
  };
}

/** A pod that names the service as its subdomain has a name of its own in DNS. */
export function isNamed(service: Service, pod: Pod): boolean {
  return !!pod.spec.hostname && pod.spec.subdomain === service.metadata.name;
}

export function addressOf({ status }: Pod, family: string): string | undefined {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : []);
  return all.find((ip) => !!ip && ip.includes(':') === (family === 'IPv6'));
}

/** Whom an endpoint should serve first, when the service asks for short ways. */
function hintsOf({ spec }: Service, node: string | undefined, zone: string | undefined): Endpoint['hints'] {
  const distribution = spec.trafficDistribution;
  const isNear =
    distribution === 'PreferClose' || distribution === 'PreferSameZone' || distribution === 'PreferSameNode';
  if (!isNear || zone === undefined) return undefined;
  return {
    forZones: [{ name: zone }],
    ...(distribution === 'PreferSameNode' && node && { forNodes: [{ name: node }] }),
  };
}

function portsOf(service: Service, pod: Pod): readonly EndpointPort[] {
  const wanted = service.spec.ports ?? [];
  if (wanted.length === 0 && isHeadless(service.spec)) return [];
  return wanted.flatMap((one) => {
    const protocol = one.protocol ?? 'TCP';
    const port = portNumber(pod, one.targetPort ?? one.port, protocol);
    if (port === undefined) return [];
    return [
      { name: one.name ?? '', port, protocol, ...(one.appProtocol !== undefined && { appProtocol: one.appProtocol }) },
    ];
  });
}

/** A port by number is itself, one by name is what a container of the pod calls so. */
export function portNumber({ spec }: Pod, target: number | string, protocol: string): number | undefined {
  if (typeof target === 'number') return target;
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...spec.containers, ...sidecars]) {
    const port = container.ports?.find((one) => one.name === target && (one.protocol ?? 'TCP') === protocol);
    if (port) return port.containerPort;
  }
  return undefined;
}
