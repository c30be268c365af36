import { parseIp } from '#meta';
import type { View } from '#model';
import { ipAddresses, isOfService, serviceValue, type IpAddressObject } from './ipaddress/index.js';

const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';
const FAMILY = 'ipaddress.kubernetes.io/ip-family';
const ALLOCATOR = 'ipallocator.k8s.io';

/** Labels of the IPAddress of a service's address. */
export function serviceAddressLabels(ip: string): Readonly<Record<string, string>> {
  return { [FAMILY]: parseIp(ip)?.family ?? 'IPv4', [MANAGED_BY]: ALLOCATOR };
}
/**
 * The IPAddress follows from a service: the service decides who holds the address, and one that no service holds says
 * nothing. Any other IPAddress reserves its address.
 */
export function isAllocated(address: IpAddressObject): boolean {
  return isOfService(address) && address.metadata.labels?.[MANAGED_BY] === ALLOCATOR;
}
/** Whether a client made an IPAddress of this address, in its canonical form, so that no service gets it. */
export function isReserved(view: View, ip: string): boolean {
  const address = view.get(ipAddresses, undefined, ip);
  return address !== undefined && !isAllocated(address);
}
/** Whether the service of this place is the one that an IPAddress refers to. */
export function isParent(
  address: IpAddressObject,
  service: { readonly namespace?: string; readonly name: string },
): boolean {
  return isOfService(address) && serviceValue(address.spec.parentRef) === serviceValue(service);
}
