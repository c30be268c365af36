import {
  addressesByParent,
  ipAddresses,
  ipValue,
  isAllocated,
  isParent,
  isOfService,
  oldestFirst,
  serviceAddressLabels,
  services,
  servicesByAllocation,
  serviceValue,
  type IpAddressObject,
  type Service,
} from '#kinds';
import { canonicalIp } from '#meta';
import type { Change, Decision, Loop, Submit, View } from '#model';
import { jsonEquals } from '#std';
import { create, patch, remove, sides, streamOfObject } from '../shared/index.js';

const HEADLESS = 'None';
const BECAUSE = 'a service holds the address';

/**
 * Makes an IPAddress of each address that a service holds, and removes it with it. Services alone decide who holds an address:
 * when an IPAddress is changed or deleted, it is made again.
 */
export const serviceAddresses: Loop = {
  name: 'service-addresses',
  account: 'system:apiserver',
  indexes: [addressesByParent, servicesByAllocation],
  keysOf(change, view) {
    if (change.kind === services.id) return serviceKeys(change);
    if (change.kind !== ipAddresses.id) return [];
    return sides(change).flatMap((side) => addressKeys(view, side as IpAddressObject));
  },
  keysAtStart: (view) => [
    ...view.list(services).map(({ metadata }) => serviceValue(metadata)),
    ...view.list(ipAddresses).flatMap((address) => addressKeys(view, address)),
  ],
  reconcile(view, key): readonly Decision[] {
    const [namespace = '', name = ''] = key.split('/');
    const service = view.get(services, namespace, name);
    const held = addressesOf(service).filter((ip) => service && isHolder(view, service, ip));
    const kept = new Set(held);
    const left = view.by(addressesByParent, key).filter((one) => isAllocated(one) && !kept.has(one.metadata.name));
    return [
      ...(service ? held.flatMap((ip) => wanted(view, service, ip)) : []),
      ...left.map((one) => remove(ipAddresses, one, { because: 'no service holds the address any more' })),
    ];
  },
};

/** Services whose addresses a change concerns; most changes of a service leave them alone. */
function serviceKeys({ before, after }: Change): readonly string[] {
  const [was, is] = [before, after].map((side) => addressesOf(side as Service | undefined));
  const service = after ?? before;
  return service && !jsonEquals(was, is) ? [serviceValue(service.metadata)] : [];
}
/** The service that an IPAddress refers to, and the one that holds its address. */
function addressKeys(view: View, address: IpAddressObject): readonly string[] {
  const holders = view.by(servicesByAllocation, ipValue(address.metadata.name));
  const keys = holders.map(({ metadata }) => serviceValue(metadata));
  return isOfService(address) ? [...new Set([...keys, serviceValue(address.spec.parentRef)])] : keys;
}
/** In canonical form, which is the name of an IPAddress; a service may spell its addresses otherwise. */
function addressesOf(service: Service | undefined): readonly string[] {
  return (service?.spec.clusterIPs ?? []).filter((ip) => ip !== HEADLESS).map(canonicalIp);
}

/** Logs of before addresses were compared by meaning may have two services with one: the older has the IPAddress. */
function isHolder(view: View, { metadata }: Service, ip: string): boolean {
  return oldestFirst(view.by(servicesByAllocation, ipValue(ip)))[0]?.metadata.uid === metadata.uid;
}

function wanted(view: View, service: Service, ip: string): readonly Submit[] {
  const { namespace, name } = service.metadata;
  const labels = serviceAddressLabels(ip);
  const known = view.get(ipAddresses, undefined, ip);
  const manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: ip, labels },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  };
  const made = create(ipAddresses, manifest, { because: BECAUSE, basedOn: [streamOfObject(services, service)] });
  if (!known) return [made];
  // The reference cannot be changed.
  if (!isParent(known, service.metadata)) return [remove(ipAddresses, known, { because: BECAUSE, then: [made] })];
  const isLabelled = Object.entries(labels).every(([label, value]) => known.metadata.labels?.[label] === value);
  if (isLabelled) return [];
  const basedOn = [streamOfObject(ipAddresses, known)];
  return [patch(ipAddresses, known, { metadata: { labels } }, { because: BECAUSE, basedOn })];
}
