import { cidrContains, cidrText, findCondition, ipText, networkOf, parseCidr, type Cidr, type IpAddress } from '#meta';
import type { View } from '#model';
import { oldestFirst } from './by-creation.js';
import { serviceCidrs, type ServiceCidr } from './servicecidr/index.js';

/** The ServiceCIDR that every cluster has, and its range. */
export const DEFAULT_SERVICE_CIDR = { name: 'kubernetes', cidr: '10.96.0.0/16' };

/** Keeps a ServiceCIDR that is deleted while addresses of it are in use. */
export const SERVICE_CIDR_FINALIZER = 'networking.k8s.io/service-cidr-finalizer';

/** A range from which services get addresses. */
export interface ServiceRange {
  readonly cidr: Cidr;
  readonly text: string;
  /** Offsets of the first address that may be given, of the first that is given unasked, and behind the last one. */
  readonly first: number;
  readonly unasked: number;
  readonly end: number;
}

/** Of a larger range, only so many addresses are given unasked. */
const SIZE_BITS_MAX = 32;
/** One address in sixteen is given unasked only when all others are taken, within these bounds. */
const KEPT_SHARE = 16;
const KEPT_MIN = 16;
const KEPT_MAX = 256;

/** Ranges of a family from which new addresses come, the oldest first. A view without ServiceCIDRs has the default range. */
export function serviceRanges(view: View, family: IpAddress['family']): readonly ServiceRange[] {
  const all = view.list(serviceCidrs);
  const ranges = all.length === 0 ? [DEFAULT_SERVICE_CIDR.cidr] : oldestFirst(all.filter(isUsable)).flatMap(cidrsOf);
  return ranges.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr?.address.family === family ? [rangeOf(networkOf(cidr))] : [];
  });
}
export type ServiceFamily = IpAddress['family'];

/**
 * The families in which services get addresses, the default one first: those of the cluster's own ServiceCIDR. Ranges that somebody
 * adds beside it give more addresses, and no family.
 */
export function serviceFamilies(view: Pick<View, 'get'>): readonly ServiceFamily[] {
  const own = view.get(serviceCidrs, undefined, DEFAULT_SERVICE_CIDR.name);
  return (own ? cidrsOf(own) : [DEFAULT_SERVICE_CIDR.cidr]).flatMap((text) => parseCidr(text)?.address.family ?? []);
}
/** The range that contains an address. */
export function rangeWith(ranges: readonly ServiceRange[], address: IpAddress): ServiceRange | undefined {
  return ranges.find(({ cidr }) => cidrContains(cidr, address));
}

/** A range counts once it is said to be ready: before, it has no finalizer and may be gone at any moment. */
export function isUsable({ metadata, status }: ServiceCidr): boolean {
  return metadata.deletionTimestamp === undefined && findCondition(status?.conditions, 'Ready')?.status === 'True';
}
export function cidrsOf({ spec }: ServiceCidr): readonly string[] {
  return spec.cidrs ?? [];
}

function rangeOf(cidr: Cidr): ServiceRange {
  const isFour = cidr.address.family === 'IPv4';
  const size = 2 ** Math.min((isFour ? 32 : 128) - cidr.bits, SIZE_BITS_MAX);
  // The address of the network itself, and of IPv4 the one of broadcasts, are given to nobody.
  const end = isFour ? size - 1 : size;
  const kept = Math.min(KEPT_MAX, Math.max(KEPT_MIN, Math.floor(size / KEPT_SHARE)));
  return { cidr, text: cidrText(cidr), first: 1, unasked: size > KEPT_MIN ? kept : 1, end };
}

/** The address at an offset from the beginning of a range. */
export function addressAt({ cidr }: ServiceRange, offset: number): string {
  const base = cidr.address.family === 'IPv4' ? 256 : 65_536;
  const parts = [...cidr.address.parts];
  let carry = offset;
  for (let i = parts.length - 1; i >= 0 && carry > 0; i--) {
    const sum = (parts[i] ?? 0) + carry;
    parts[i] = sum % base;
    carry = Math.floor(sum / base);
  }
  return ipText({ ...cidr.address, parts });
}
/** Whether an address of the range may be given to a service. */
export function isAssignable(range: ServiceRange, address: IpAddress): boolean {
  const text = ipText(address);
  const isNetwork = text === addressAt(range, 0);
  return !isNetwork && (address.family === 'IPv6' || text !== addressAt(range, range.end));
}
