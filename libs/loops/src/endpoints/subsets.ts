import { hasEnded, isReady, type Pod } from '#pod';
import { type EndpointAddress, type EndpointsPort, type Service } from '#kinds';
import type { View } from '#model';
import { stableStringify, type Json } from '#std';
import { familiesOf } from '../endpoint-slice/behind.js';
import { addressOf, isNamed, portNumber } from '../endpoint-slice/endpoints.js';
import { isHeadless } from '../endpoint-slice/labels.js';
import { podsWith } from '../shared/index.js';

export const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
/** One object holds all of them, so there is an end to it. */
const ADDRESSES_MAX = 1000;

/** Addresses that have the same ports; lists without items are left out. */
export interface Subset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly EndpointsPort[];
}
interface Group {
  readonly ports: readonly EndpointsPort[];
  readonly ready: EndpointAddress[];
  readonly notReady: EndpointAddress[];
}

/** Where the pods of a service can be reached, in the first of its address families. Pods on their way out are no more. */
export function subsetsOf(
  view: View,
  service: Service,
): { readonly subsets: readonly Subset[]; readonly isCut: boolean } {
  const always = service.spec.publishNotReadyAddresses === true;
  const groups = new Map<string, Group>();
  for (const pod of podsWith(view, service.metadata.namespace, service.spec.selector ?? {})) {
    if (hasEnded(pod)) continue;
    if (pod.metadata.deletionTimestamp !== undefined && !always) continue;
    const address = addressFor(service, pod);
    const ports = address && portsOf(service, pod);
    if (!address || !ports) continue;
    const key = stableStringify(ports as unknown as Json);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    groups.set(key, group);
    (always || isReady(pod) ? group.ready : group.notReady).push(address);
  }
  const all = [...groups.values()];
  return cut(all);
}

/** Those that take traffic have the first claim on the room there is. */
function cut(groups: readonly Group[]): { readonly subsets: readonly Subset[]; readonly isCut: boolean } {
  let room = ADDRESSES_MAX;
  const take = (addresses: readonly EndpointAddress[]): readonly EndpointAddress[] => {
    const taken = [...addresses].sort(byAddress).slice(0, room);
    room -= taken.length;
    return taken;
  };
  const ready = groups.map((group) => take(group.ready));
  const notReady = groups.map((group) => take(group.notReady));
  const subsets = groups.flatMap(({ ports }, i): readonly Subset[] => {
    const [addresses = [], notReadyAddresses = []] = [ready[i], notReady[i]];
    if (addresses.length + notReadyAddresses.length === 0) return [];
    return [
      {
        ...(addresses.length > 0 && { addresses }),
        ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
        ...(ports.length > 0 && { ports }),
      },
    ];
  });
  const wanted = groups.reduce((sum, group) => sum + group.ready.length + group.notReady.length, 0);
  return { subsets, isCut: wanted > ADDRESSES_MAX };
}

function addressFor(service: Service, pod: Pod): EndpointAddress | undefined {
  const ip = addressOf(pod, familiesOf(service)[0] ?? 'IPv4');
  if (ip === undefined) return undefined;
  const { namespace, name, uid } = pod.metadata;
  return {
    ip,
    ...(isNamed(service, pod) && pod.spec.hostname !== undefined && { hostname: pod.spec.hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', ...(namespace !== undefined && { namespace }), name, uid },
  };
}

/** Undefined: the service has ports and the pod has none of them. */
function portsOf(service: Service, pod: Pod): readonly EndpointsPort[] | undefined {
  const wanted = service.spec.ports ?? [];
  if (wanted.length === 0) return isHeadless(service.spec) ? [] : undefined;
  const ports = wanted.flatMap((one) => {
    const protocol = one.protocol ?? 'TCP';
    const port = portNumber(pod, one.targetPort ?? one.port, protocol);
    if (port === undefined) return [];
    return [
      {
        ...(one.name && { name: one.name }),
        port,
        protocol,
        ...(one.appProtocol !== undefined && { appProtocol: one.appProtocol }),
      },
    ];
  });
  return ports.length > 0 ? ports : undefined;
}

/** By number, not by text, so that 10.0.0.9 comes before 10.0.0.10. */
function byAddress(a: EndpointAddress, b: EndpointAddress): number {
  const [left, right] = [sortKey(a.ip), sortKey(b.ip)];
  if (left !== right) return left < right ? -1 : 1;
  return (a.targetRef?.uid ?? '') < (b.targetRef?.uid ?? '') ? -1 : 1;
}
function sortKey(ip: string): string {
  return ip.includes(':')
    ? ip
    : ip
        .split('.')
        .map((part) => part.padStart(3, '0'))
        .join('.');
}
