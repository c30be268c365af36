import { cidrText, ipText, networkOf, parseCidr, parseIp, type Cidr } from '#meta';
import type { AddressBlock, AllowRule, PortRange } from '#model';

export type Direction = 'ingress' | 'egress';

/** Name of the set of a group. */
export function setName(group: string): string {
  return `g_${group.replace(/[^0-9a-f]/g, '')}`;
}

/** Member of a group as the packet filter takes it; undefined: it is not of IPv4. */
export function memberText(member: string, hasPorts: boolean): string | undefined {
  if (!hasPorts) return ipv4Text(member);
  const at = member.lastIndexOf(':');
  const [address, port] = [ipv4Text(member.slice(0, at)), Number(member.slice(at + 1))];
  return address !== undefined && Number.isInteger(port) && port > 0 && port < 65_536
    ? `${address} . ${port}`
    : undefined;
}
export function ipv4Text(text: string): string | undefined {
  const address = parseIp(text);
  return address?.family === 'IPv4' ? ipText(address) : undefined;
}

/**
 * The rules of a chain that returns for what is allowed and drops the rest. What is not of IPv4 is left out: it allows nothing here.
 */
export function linesOf(rules: readonly AllowRule[], direction: Direction): readonly string[] {
  return [...new Set(rules.flatMap((rule) => allowLines(rule, direction))), 'drop'];
}

function allowLines({ peers, ports, endpoints }: AllowRule, direction: Direction): readonly string[] {
  const others = peers ? peerTexts(peers, direction) : [''];
  const to = endpoints
    ? [`meta l4proto ${endpoints.protocol.toLowerCase()} ip daddr . th dport @${setName(endpoints.group)}`]
    : ports
      ? portTexts(ports)
      : [''];
  return others.flatMap((peer) => to.map((port) => [peer, port, 'return'].filter((part) => part !== '').join(' ')));
}

function peerTexts({ groups, blocks }: NonNullable<AllowRule['peers']>, direction: Direction): readonly string[] {
  const other = direction === 'ingress' ? 'ip saddr' : 'ip daddr';
  const plain = widest(blocks.filter(({ except }) => except.length === 0).map(({ cidr }) => cidr));
  const all = plain.some(({ bits }) => bits === 0);
  return [
    ...groups.map((group) => `${other} @${setName(group)}`),
    ...(all ? [''] : plain.length > 0 ? [`${other} ${setText(plain)}`] : []),
    ...blocks.filter(({ except }) => except.length > 0).flatMap((block) => blockText(block, other)),
  ];
}
function blockText({ cidr, except }: AddressBlock, other: string): readonly string[] {
  const [range] = widest([cidr]);
  if (!range) return [];
  const left = widest(except);
  const within = range.bits === 0 ? [] : [`${other} ${cidrText(range)}`];
  return [[...within, ...(left.length > 0 ? [`${other} != ${setText(left)}`] : [])].join(' ')];
}

/** Ranges of IPv4, none within another: the packet filter takes no others into a set. */
function widest(texts: readonly string[]): readonly Cidr[] {
  const ranges = texts
    .flatMap((text) => parseCidr(text) ?? [])
    .filter(({ address }) => address.family === 'IPv4')
    .map(networkOf)
    .sort((a, b) => a.bits - b.bits);
  const kept = new Map<string, Cidr>();
  const isWithin = ({ address, bits }: Cidr): boolean => {
    for (let wide = bits; wide >= 0; wide--)
      if (kept.has(cidrText(networkOf({ address, bits: wide, strict: true })))) return true;
    return false;
  };
  for (const range of ranges) if (!isWithin(range)) kept.set(cidrText(range), range);
  return [...kept.values()];
}
function setText(ranges: readonly Cidr[]): string {
  return `{ ${ranges.map((range) => (range.bits === 0 ? '0.0.0.0-255.255.255.255' : cidrText(range))).join(', ')} }`;
}

function portTexts(ports: readonly PortRange[]): readonly string[] {
  const protocols = [...new Set(ports.map(({ protocol }) => protocol))];
  return protocols.map((protocol) => {
    const ranges = joined(ports.filter((one) => one.protocol === protocol));
    const name = protocol.toLowerCase();
    if (ranges.some(({ first, last }) => first <= 0 && last >= 65_535)) return `meta l4proto ${name}`;
    const texts = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
    return `${name} dport { ${texts.join(', ')} }`;
  });
}
/** Ranges that neither overlap nor touch. */
function joined(ports: readonly PortRange[]): readonly PortRange[] {
  const found: PortRange[] = [];
  for (const range of [...ports].sort((a, b) => a.first - b.first)) {
    const last = found.at(-1);
    if (last && range.first <= last.last + 1)
      found[found.length - 1] = { ...last, last: Math.max(last.last, range.last) };
    else found.push(range);
  }
  return found;
}
