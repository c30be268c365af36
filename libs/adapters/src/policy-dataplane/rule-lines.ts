import { cidrText, ipText, networkOf, parseCidr, parseIp, type Cidr } from '#meta';
import type { AddressBlock, AllowRule, PortRange } from '#model';
import type { NftFamily } from '../service-dataplane/nftables/base-rules.js';

export type Direction = 'ingress' | 'egress';

/** Name of the set of a group. */
export function setName(group: string): string {
  return `g_${group.replace(/[^0-9a-f]/g, '')}`;
}

/** Member of a group as the packet filter takes it; undefined: it is of the other family. */
export function memberText(member: string, hasPorts: boolean, family: NftFamily): string | undefined {
  if (!hasPorts) return textOf(member, family);
  const at = member.lastIndexOf(':');
  const [address, port] = [textOf(member.slice(0, at), family), Number(member.slice(at + 1))];
  return address !== undefined && Number.isInteger(port) && port > 0 && port < 65_536
    ? `${address} . ${port}`
    : undefined;
}
/** The one text of an address of the family; undefined: it is none. */
export function textOf(text: string, { family }: NftFamily): string | undefined {
  const address = parseIp(text);
  return address?.family === family ? ipText(address) : undefined;
}

/**
 * The rules of a chain that returns for what is allowed and drops the rest. What is of the other family is left out: it allows nothing here.
 */
export function linesOf(rules: readonly AllowRule[], direction: Direction, family: NftFamily): readonly string[] {
  return [...new Set(rules.flatMap((rule) => allowLines(rule, direction, family))), 'drop'];
}

function allowLines(
  { peers, ports, endpoints }: AllowRule,
  direction: Direction,
  family: NftFamily,
): readonly string[] {
  const others = peers ? peerTexts(peers, direction, family) : [''];
  const to = endpoints
    ? [`meta l4proto ${endpoints.protocol.toLowerCase()} ${family.name} daddr . th dport @${setName(endpoints.group)}`]
    : ports
      ? portTexts(ports)
      : [''];
  return others.flatMap((peer) => to.map((port) => [peer, port, 'return'].filter((part) => part !== '').join(' ')));
}

function peerTexts(
  { groups, blocks }: NonNullable<AllowRule['peers']>,
  direction: Direction,
  family: NftFamily,
): readonly string[] {
  const other = `${family.name} ${direction === 'ingress' ? 'saddr' : 'daddr'}`;
  const plain = widest(
    blocks.filter(({ except }) => except.length === 0).map(({ cidr }) => cidr),
    family,
  );
  const all = plain.some(({ bits }) => bits === 0);
  return [
    ...groups.map((group) => `${other} @${setName(group)}`),
    ...(all ? [''] : plain.length > 0 ? [`${other} ${setText(plain, family)}`] : []),
    ...blocks.filter(({ except }) => except.length > 0).flatMap((block) => blockText(block, other, family)),
  ];
}
function blockText({ cidr, except }: AddressBlock, other: string, family: NftFamily): readonly string[] {
  const [range] = widest([cidr], family);
  if (!range) return [];
  const left = widest(except, family);
  const within = range.bits === 0 ? [] : [`${other} ${cidrText(range)}`];
  return [[...within, ...(left.length > 0 ? [`${other} != ${setText(left, family)}`] : [])].join(' ')];
}

/** Ranges of the family, none within another: the packet filter takes no others into a set. */
function widest(texts: readonly string[], { family }: NftFamily): readonly Cidr[] {
  const ranges = texts
    .flatMap((text) => parseCidr(text) ?? [])
    .filter(({ address }) => address.family === family)
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
function setText(ranges: readonly Cidr[], { all }: NftFamily): string {
  return `{ ${ranges.map((range) => (range.bits === 0 ? all : cidrText(range))).join(', ')} }`;
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
