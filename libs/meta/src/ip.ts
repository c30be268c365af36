/** An IP address as it was understood. Leading zeros in IPv4 are taken, as old objects may hold them. */
export interface IpAddress {
  readonly family: 'IPv4' | 'IPv6';
  /** 16-bit groups of IPv6, bytes of IPv4. An IPv4 address in IPv6's clothes counts as IPv4. */
  readonly parts: readonly number[];
  /** Whether a strict reader takes the text: no leading zeros, no IPv4 within IPv6. */
  readonly strict: boolean;
}

export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const read = readIpv4(text);
    return read && { family: 'IPv4', parts: read.parts, strict: read.isPlain };
  }
  const groups = ipv6Groups(text);
  if (groups === undefined) return undefined;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!mapped) return { family: 'IPv6', parts: groups, strict: true };
  const [high = 0, low = 0] = groups.slice(6);
  return { family: 'IPv4', parts: [high >> 8, high & 255, low >> 8, low & 255], strict: false };
}

/** The one text of an address: no leading zeros, IPv6 as RFC 5952 writes it. */
export function ipText({ family, parts }: IpAddress): string {
  if (family === 'IPv4') return parts.join('.');
  const run = longestZeros(parts);
  const words = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return words(parts);
  return `${words(parts.slice(0, run.start))}::${words(parts.slice(run.start + run.length))}`;
}

/** {@link ipText} of an address in any spelling; a text that is no address stays as it is. */
export function canonicalIp(text: string): string {
  const address = parseIp(text);
  return address ? ipText(address) : text;
}

export interface Cidr {
  readonly address: IpAddress;
  readonly bits: number;
  readonly strict: boolean;
}
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (address === undefined || !/^\d{1,3}$/.test(bits)) return undefined;
  const mapped = address.family === 'IPv4' && text.includes(':');
  const own = mapped ? Number(bits) - 96 : Number(bits);
  if (own < 0 || own > widthOf(address)) return undefined;
  return { address, bits: own, strict: address.strict && String(Number(bits)) === bits };
}
export function cidrText({ address, bits }: Cidr): string {
  return `${ipText(address)}/${bits}`;
}
/** The range with the bits beyond its prefix cleared. */
export function networkOf({ address, bits, strict }: Cidr): Cidr {
  const size = address.family === 'IPv4' ? 8 : 16;
  const parts = address.parts.map((part, i) => {
    const keep = Math.max(0, Math.min(size, bits - i * size));
    return part & ~((1 << (size - keep)) - 1);
  });
  return { address: { ...address, parts }, bits, strict };
}
export function cidrContains(range: Cidr, address: IpAddress): boolean {
  if (range.address.family !== address.family) return false;
  return cidrText(networkOf({ ...range, address })) === cidrText(networkOf(range));
}
function widthOf(address: IpAddress): number {
  return address.family === 'IPv4' ? 32 : 128;
}

/** Why an address can be no endpoint that others reach, in Kubernetes' words; none when it can. */
export function unreachableReasons(address: IpAddress): readonly string[] {
  const [first = 0, second = 0, third = 0] = address.parts;
  const four = address.family === 'IPv4';
  const rest = address.parts.slice(0, -1).every((part) => part === 0);
  const last = address.parts[address.parts.length - 1] ?? 0;
  if (rest && last === 0) return [`may not be unspecified (${ipText(address)})`];
  if (four ? first === 127 : rest && last === 1) return ['may not be in the loopback range (127.0.0.0/8, ::1/128)'];
  if (four ? first === 169 && second === 254 : (first & 0xffc0) === 0xfe80) {
    return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'];
  }
  if (four ? first === 224 && second === 0 && third === 0 : (first & 0xff0f) === 0xff02) {
    return ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'];
  }
  return [];
}

/** Why a field that takes one text only for each address does not take this one; none when it does. */
export function strictIpReasons(text: string): readonly string[] {
  const address = parseIp(text);
  if (address === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  const dotted = text.slice(text.lastIndexOf(':') + 1);
  if (dotted.includes('.') && readIpv4(dotted)?.isPlain !== true) return ['must not have leading 0s'];
  if (!address.strict) return ['must not be an IPv4-mapped IPv6 address'];
  return ipText(address) === text ? [] : [`must be in canonical form (${JSON.stringify(ipText(address))})`];
}

/** Why a field that takes one text only for each range does not take this one; none when it does. */
export function strictCidrReasons(text: string): readonly string[] {
  const range = parseCidr(text);
  if (range === undefined) return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
  if (!range.strict) {
    const isMapped = range.address.family === 'IPv4' && text.includes(':');
    return isMapped
      ? ['must not have an IPv4-mapped IPv6 address']
      : ['must not have leading 0s in IP or prefix length'];
  }
  const network = networkOf(range);
  if (cidrText(network) !== cidrText(range)) return ['must not have bits set beyond the prefix length'];
  return cidrText(range) === text ? [] : [`must be in canonical form (${JSON.stringify(cidrText(range))})`];
}

/** What to warn of in an address that is taken for now. */
export function ipWarnings(field: string, text: string): readonly string[] {
  const address = parseIp(text);
  if (address === undefined) return [];
  const better = JSON.stringify(ipText(address));
  if (!address.strict) {
    return [
      `${field}: non-standard IP address ${JSON.stringify(text)} will be considered invalid in a future Kubernetes release: use ${better}`,
    ];
  }
  if (address.family === 'IPv6' && ipText(address) !== text) {
    return [`${field}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${better})`];
  }
  return [];
}
export function cidrWarnings(field: string, text: string): readonly string[] {
  const cidr = parseCidr(text);
  if (cidr === undefined) return [];
  const network = networkOf(cidr);
  const quoted = JSON.stringify(text);
  const warnings: string[] = [];
  if (ipText(network.address) !== ipText(cidr.address)) {
    const alone = `${ipText(cidr.address)}/${widthOf(cidr.address)}`;
    warnings.push(
      `${field}: CIDR value ${quoted} is ambiguous in this context (should be "${cidrText(network)}" or "${alone}"?)`,
    );
  }
  if (!cidr.strict) {
    warnings.push(
      `${field}: non-standard CIDR value ${quoted} will be considered invalid in a future Kubernetes release: use "${cidrText(network)}"`,
    );
  } else if (cidr.address.family === 'IPv6' && cidrText(cidr) !== text) {
    warnings.push(`${field}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format ("${cidrText(cidr)}")`);
  }
  return warnings;
}

/** Four numbers of one to three digits up to 255; `isPlain`: without leading zeros. One pass: tables of services read thousands. */
function readIpv4(text: string): { readonly parts: readonly number[]; readonly isPlain: boolean } | undefined {
  const parts: number[] = [];
  let isPlain = true;
  let value = 0;
  let digits = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || value > 255 || parts.length === 4) return undefined;
      parts.push(value);
      value = digits = 0;
      continue;
    }
    if (code < ZERO || code > NINE || digits === 3) return undefined;
    if (digits === 1 && value === 0) isPlain = false;
    value = value * 10 + code - ZERO;
    digits++;
  }
  return parts.length === 4 ? { parts, isPlain } : undefined;
}
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

function ipv6Groups(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const read = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  const [left, right] = read;
  if (left === undefined) return undefined;
  if (halves.length === 1) return left.length === 8 ? left : undefined;
  if (right === undefined || left.length + right.length > 7) return undefined;
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}
function groupsOf(half: string, isLast: boolean): readonly number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  const words = half.split(':');
  for (const [i, word] of words.entries()) {
    const embedded = isLast && i === words.length - 1 && word.includes('.') ? readIpv4(word)?.parts : undefined;
    if (embedded !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = embedded;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(word)) groups.push(parseInt(word, 16));
    else return undefined;
  }
  return groups;
}
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
