import { ipv4Range, ipv4Text, type Ipv4Range } from '#meta';

/** Addresses that Services of type LoadBalancer may have: ranges of IPv4, none overlapping another. */
export interface AddressPool {
  readonly ranges: readonly Ipv4Range[];
  /** How many addresses there are. */
  readonly size: number;
}

/** More would only be a mistake: a whole private network is no pool. */
const SIZE_MAX = 65_536;

/**
 * Reads a pool: `192.0.2.10-192.0.2.20`, `192.0.2.64/28` or `192.0.2.7`, separated by commas. An address that is named twice
 * counts once.
 * @returns the pool, or a sentence that says what is wrong with the text.
 */
export function addressPool(text: string): AddressPool | string {
  const ranges: Ipv4Range[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    const range = rangeOf(item);
    if (!range) return `"${item}" is no address, range or CIDR of IPv4, like 192.0.2.10-192.0.2.20`;
    ranges.push(range);
  }
  const merged = mergedRanges(ranges);
  const size = merged.reduce((sum, range) => sum + range.size, 0);
  return size > SIZE_MAX ? `it has ${size} addresses; there may be ${SIZE_MAX} at most` : { ranges: merged, size };
}

/** The address with this number in the pool, counted from 0. */
export function addressAt({ ranges }: AddressPool, index: number): string {
  let left = index;
  for (const { first, size } of ranges) {
    if (left < size) return ipv4Text(first + left);
    left -= size;
  }
  throw new RangeError(`the pool has no address ${index}`);
}

export function isInPool({ ranges }: AddressPool, address: string): boolean {
  const number = numberOf(address);
  return number !== undefined && ranges.some(({ first, size }) => number >= first && number < first + size);
}

function rangeOf(text: string): Ipv4Range | undefined {
  if (text.includes('/')) return ipv4Range(text);
  const [from = '', to = from, more] = text.split('-');
  const [first, last] = [numberOf(from), numberOf(to)];
  if (more !== undefined || first === undefined || last === undefined || last < first) return undefined;
  return { first, size: last - first + 1 };
}

function mergedRanges(ranges: readonly Ipv4Range[]): readonly Ipv4Range[] {
  const merged: Ipv4Range[] = [];
  for (const { first, size } of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    const end = before && before.first + before.size;
    if (before && end !== undefined && first <= end)
      merged[merged.length - 1] = { first: before.first, size: Math.max(end, first + size) - before.first };
    else merged.push({ first, size });
  }
  return merged;
}

function numberOf(address: string): number | undefined {
  return ipv4Range(`${address}/32`)?.first;
}
