import { cidrContains, cidrText, ipText, networkOf, parseCidr, type Cidr } from './ip.js';

/** A range of IPv4 addresses as numbers: `first` and how many there are. */
export interface Ipv4Range {
  readonly first: number;
  readonly size: number;
}

/** The range of `10.244.0.0/16`; undefined when the text is no CIDR of IPv4. */
export function ipv4Range(cidr: string): Ipv4Range | undefined {
  const parsed = parseCidr(cidr);
  if (parsed?.address.family !== 'IPv4') return undefined;
  const first = networkOf(parsed).address.parts.reduce((sum, part) => sum * 256 + part, 0);
  return { first, size: 2 ** (32 - parsed.bits) };
}

/** Whether two CIDRs of IPv4 have an address in common. What is no CIDR of IPv4 overlaps with nothing. */
export function ipv4Overlap(a: string, b: string): boolean {
  const [one, other] = [ipv4Range(a), ipv4Range(b)];
  if (!one || !other) return false;
  return one.first < other.first + other.size && other.first < one.first + one.size;
}

/** `10.244.0.7`: the address with this number. */
export function ipv4Text(address: number): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
  return ipText({ family: 'IPv4', parts, strict: true });
}

/** The first address of a range that a host can have, `10.244.3.1` of `10.244.3.0/24`; undefined when it is no CIDR. */
export function firstHost(cidr: string): string | undefined {
  const range = parseCidr(cidr);
  return range && cidrText(addressesOn(networkOf(range), 1n)).split('/')[0];
}

/** Whether two CIDRs have an address in common. What is no CIDR overlaps with nothing. */
export function cidrsOverlap(a: string, b: string): boolean {
  const [one, other] = [parseCidr(a), parseCidr(b)];
  if (!one || !other) return false;
  return one.bits <= other.bits ? cidrContains(one, other.address) : cidrContains(other, one.address);
}

/** The part of a range with so many bits that comes after `count` others: `10.244.3.0/24` is 3 of `10.244.0.0/16`. */
export function partOf(range: Cidr, bits: number, count: number): Cidr {
  const width = range.address.family === 'IPv4' ? 32 : 128;
  return { ...addressesOn(networkOf(range), BigInt(count) << BigInt(width - bits)), bits };
}

/** The same with an address that comes so much later. */
function addressesOn(cidr: Cidr, count: bigint): Cidr {
  const { address } = cidr;
  const bits = address.family === 'IPv4' ? 8n : 16n;
  const mask = (1n << bits) - 1n;
  const sum = address.parts.reduce((value, part) => (value << bits) | BigInt(part), 0n) + count;
  const last = address.parts.length - 1;
  const parts = address.parts.map((_, i) => Number((sum >> (bits * BigInt(last - i))) & mask));
  return { ...cidr, address: { ...address, parts } };
}
