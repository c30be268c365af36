import { ipText, networkOf, parseCidr } from './ip.js';

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

/** The first address of a range that a host can have, `10.244.3.1` of `10.244.3.0/24`; undefined when it is no CIDR of IPv4. */
export function firstHost(cidr: string): string | undefined {
  const range = ipv4Range(cidr);
  return range && ipv4Text(range.first + 1);
}
