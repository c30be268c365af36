import { ipText, parseIp } from '#meta';
import type { DnsQuestion, DnsRecord, DnsReply } from '#model';
import type { ClusterZone, ZoneAddress, ZoneEndpoint, ZoneService } from './zone.js';

/** Seconds for which a record may be kept. */
const TTL = 30;
/** Seconds for which a negative answer may be kept. */
const NEGATIVE_TTL = 5;
const SCHEMA_VERSION = '1.1.0';
/** No message holds more records than this. */
const RECORDS_MAX = 4096;

/** Records of a name that exists, by type. */
type Named = (type: string) => Pick<DnsReply, 'answers' | 'additionals' | 'continuesAt'>;
const NOTHING = { answers: [], additionals: [] };
const empty: Named = () => NOTHING;

/**
 * Answers a question by Kubernetes' DNS schema 1.1.0, as CoreDNS does with `pods insecure`. Returns undefined for names outside
 * of the zone and for addresses that no service has: others know about them. The cost follows the size of the answer.
 */
export function answer(question: DnsQuestion, zone: ClusterZone): DnsReply | undefined {
  const { name } = question;
  const type = question.type === 'ANY' ? 'A' : question.type;
  const labels = labelsWithin(name, zone.domain);
  if (labels === undefined) return reverse(question, zone);
  const found = find(labels, name, zone);
  if (!found) return { rcode: 'NXDOMAIN', answers: [], authorities: [authority(zone)], additionals: [] };
  const reply = found(type);
  const authorities = reply.answers.length === 0 ? [authority(zone)] : [];
  return { rcode: 'NOERROR', authorities, ...reply };
}

/** Labels in front of the zone's; undefined outside of it. */
function labelsWithin(name: string, domain: string): readonly string[] | undefined {
  if (name === domain) return [];
  return name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1).split('.') : undefined;
}

function find(labels: readonly string[], name: string, zone: ClusterZone): Named | undefined {
  const rest = labels.slice(0, -1);
  switch (labels.at(-1)) {
    case undefined:
      return apex(zone);
    case 'dns-version':
      return rest.length > 0 ? undefined : only('TXT', () => [{ name, ttl: TTL, type: 'TXT', text: SCHEMA_VERSION }]);
    case 'dns':
      return rest.length === 0 ? empty : rest.join('.') === 'ns' ? addressed(name, serversOf(zone)) : undefined;
    case 'svc':
      return findInServices(rest, name, zone);
    case 'pod':
      return findPod(rest, name, zone);
    default:
      return undefined;
  }
}

function apex(zone: ClusterZone): Named {
  const { domain: name } = zone;
  const target = `ns.dns.${name}`;
  return (type) => {
    if (type === 'SOA') return { answers: [authority(zone)], additionals: [] };
    if (type !== 'NS') return NOTHING;
    return {
      answers: [{ name, ttl: TTL, type: 'NS', target }],
      additionals: serversOf(zone).map((at) => addressRecord(target, at)),
    };
  };
}

function findPod(labels: readonly string[], name: string, zone: ClusterZone): Named | undefined {
  const namespace = labels.at(-1);
  if (namespace === undefined) return empty;
  if (!zone.hasNamespace(namespace)) return undefined;
  const [dashed, ...more] = labels.slice(0, -1);
  if (dashed === undefined) return empty;
  const address = parseIp(dashed.replace(/-/g, '.')) ?? parseIp(dashed.replace(/-/g, ':'));
  if (!address?.strict || more.length > 0) return undefined;
  return addressed(name, [{ address: ipText(address), family: address.family }]);
}

function findInServices(labels: readonly string[], name: string, zone: ClusterZone): Named | undefined {
  const namespace = labels.at(-1);
  if (namespace === undefined) return empty;
  if (!zone.hasNamespace(namespace)) return undefined;
  const serviceName = labels.at(-2);
  if (serviceName === undefined) return empty;
  const found = zone.service(namespace, serviceName);
  if (!found) return undefined;
  const [first, second, ...more] = labels.slice(0, -2);
  if (more.length > 0) return undefined;
  if (found.service.spec.type === 'ExternalName') return first === undefined ? alias(found, name) : undefined;
  if (first === undefined) return ofService(found, name, zone);
  if (second !== undefined) return ofPort(found, { port: first, protocol: second }, { name, zone });
  if (first.startsWith('_')) return hasProtocol(found, first.slice(1)) ? empty : undefined;
  const endpoints = found.byLabel.get(first);
  return endpoints && addressed(name, endpoints);
}

/** An address where a name belongs is no alias of anything. */
function alias({ service }: ZoneService, name: string): Named | undefined {
  const target = (service.spec.externalName ?? '').toLowerCase().replace(/\.$/, '');
  if (target === '' || parseIp(target)) return undefined;
  const answers: readonly DnsRecord[] = [{ name, ttl: TTL, type: 'CNAME', target }];
  return (type) =>
    type === 'CNAME' ? { answers, additionals: [] } : { answers, additionals: [], continuesAt: target };
}

function ofService(found: ZoneService, name: string, zone: ClusterZone): Named | undefined {
  if (found.isHeadless && found.endpoints.length === 0) return undefined;
  const byAddress = addressed(name, found.isHeadless ? found.endpoints : found.addresses);
  return (type) => (type === 'SRV' ? servers(found, () => true, { name, zone }) : byAddress(type));
}

function ofPort(
  found: ZoneService,
  { port, protocol }: { readonly port: string; readonly protocol: string },
  at: Place,
): Named | undefined {
  if (port.length < 2 || !port.startsWith('_') || !protocol.startsWith('_')) return undefined;
  const wanted = (one: Port): boolean =>
    one.name?.toLowerCase() === port.slice(1) && (one.protocol ?? 'TCP').toLowerCase() === protocol.slice(1);
  const reply = servers(found, wanted, at);
  return reply.answers.length === 0 ? undefined : only('SRV', () => reply.answers, reply.additionals);
}

interface Place {
  readonly name: string;
  readonly zone: ClusterZone;
}
interface Port {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
}
/** SRV records of the wanted ports: of the service itself, or of each endpoint of a headless one. */
function servers(found: ZoneService, wanted: (port: Port) => boolean, { name, zone }: Place): ReturnType<Named> {
  const own = `${found.name}.${found.namespace}.svc.${zone.domain}`;
  const targets = new Map<string, { port: number; target: string; at: readonly ZoneAddress[] }>();
  const put = (port: number, target: string, at: readonly ZoneAddress[]): void =>
    void targets.set(`${port} ${target}`, { port, target, at });
  if (!found.isHeadless)
    for (const { port } of (found.service.spec.ports ?? []).filter(wanted)) put(port, own, found.addresses);
  else
    for (const [label, endpoints] of found.byLabel)
      for (const { ports } of endpoints)
        for (const one of ports) {
          if (targets.size >= RECORDS_MAX) break;
          if (one.port !== undefined && wanted(one)) put(one.port, `${label}.${own}`, endpoints);
        }
  const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.size)));
  const answers: DnsRecord[] = [];
  const additionals = new Map<string, DnsRecord>();
  for (const { port, target, at } of targets.values()) {
    answers.push({ name, ttl: TTL, type: 'SRV', priority: 0, weight, port, target });
    if (additionals.size < RECORDS_MAX)
      for (const one of at) additionals.set(`${target} ${one.address}`, addressRecord(target, one));
  }
  return { answers, additionals: [...additionals.values()] };
}
function hasProtocol(found: ZoneService, protocol: string): boolean {
  const matches = (one: Port): boolean => Boolean(one.name) && (one.protocol ?? 'TCP').toLowerCase() === protocol;
  if (!found.isHeadless) return (found.service.spec.ports ?? []).some(matches);
  return found.endpoints.some(({ ports }) => ports.some(matches));
}

/** Addresses without those that belong to no service are for others to answer. */
function reverse({ name, type }: DnsQuestion, zone: ClusterZone): DnsReply | undefined {
  const address = reversedAddress(name);
  if (address === undefined) return undefined;
  const targets = zone.withAddress(address).flatMap((found) => {
    const own = `${found.name}.${found.namespace}.svc.${zone.domain}`;
    if (found.addresses.some((one) => one.address === address)) return [own];
    if (!found.isHeadless) return [];
    return found.endpoints.filter((one) => one.address === address).map(({ label }) => `${label}.${own}`);
  });
  if (targets.length === 0) return undefined;
  if (type !== 'PTR' && type !== 'ANY')
    return { rcode: 'NOERROR', answers: [], authorities: [authority(zone)], additionals: [] };
  const answers = [...new Set(targets)]
    .slice(0, RECORDS_MAX)
    .map((target) => ({ name, ttl: TTL, type: 'PTR' as const, target }));
  return { rcode: 'NOERROR', answers, authorities: [], additionals: [] };
}
function reversedAddress(name: string): string | undefined {
  const parsed = name.endsWith('.in-addr.arpa')
    ? parseIp(name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.'))
    : name.endsWith('.ip6.arpa')
      ? parseIp(fromNibbles(name.slice(0, -'.ip6.arpa'.length)))
      : undefined;
  return parsed && ipText(parsed);
}
function fromNibbles(text: string): string {
  if (!/^(?:[0-9a-f]\.){31}[0-9a-f]$/.test(text)) return '';
  const digits = text.split('.').reverse().join('');
  return (digits.match(/.{4}/g) ?? []).join(':');
}

function only(type: string, records: () => readonly DnsRecord[], additionals: readonly DnsRecord[] = []): Named {
  return (asked) => (asked === type ? { answers: records(), additionals } : NOTHING);
}
function addressed(name: string, all: readonly ZoneAddress[] | readonly ZoneEndpoint[]): Named {
  return (type) => {
    if (type !== 'A' && type !== 'AAAA') return NOTHING;
    const family = type === 'A' ? 'IPv4' : 'IPv6';
    const addresses = new Set(all.flatMap((one) => (one.family === family ? [one.address] : [])));
    return {
      answers: [...addresses].slice(0, RECORDS_MAX).map((address) => ({ name, ttl: TTL, type, address })),
      additionals: [],
    };
  };
}
function addressRecord(name: string, { address, family }: ZoneAddress): DnsRecord {
  return { name, ttl: TTL, type: family === 'IPv4' ? 'A' : 'AAAA', address };
}
function serversOf(zone: ClusterZone): readonly ZoneAddress[] {
  return zone.serverAddresses.flatMap((text) => {
    const parsed = parseIp(text);
    return parsed ? [{ address: ipText(parsed), family: parsed.family }] : [];
  });
}
function authority(zone: ClusterZone): DnsRecord {
  const { domain, serial } = zone;
  const times = { refresh: 7200, retry: 1800, expire: 86_400, minimum: NEGATIVE_TTL };
  const soa = { primary: `ns.dns.${domain}`, mailbox: `hostmaster.${domain}`, serial, ...times };
  return { name: domain, ttl: NEGATIVE_TTL, type: 'SOA', soa };
}
