import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DnsRecord, KubeObject } from '#model';
import { clusterDns } from '../index.js';

const objects: Record<string, unknown> = {};
const put = (stream: string, object: Record<string, unknown>): void => void (objects[stream] = object);
const service = (name: string, spec: Record<string, unknown>, namespace = 'shop'): void =>
  put(`core.services/${namespace}/${name}`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, uid: name },
    spec,
  });
const slice = (name: string, of: string, parts: Record<string, unknown>, namespace = 'shop'): void =>
  put(`discovery.k8s.io.endpointslices/${namespace}/${name}`, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, uid: name, labels: { 'kubernetes.io/service-name': of } },
    ...parts,
  });

put('core.namespaces/_/empty', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'empty', uid: 'e' } });
service('web', {
  clusterIP: '10.96.3.4',
  clusterIPs: ['10.96.3.4', 'fd00::4'],
  ports: [{ name: 'http', port: 80 }, { name: 'dns', port: 53, protocol: 'UDP' }, { port: 99 }],
});
slice('web-1', 'web', {
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: ['10.244.0.9'], conditions: { ready: true } }],
});
service('db', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432 }] });
slice('db-1', 'db', {
  addressType: 'IPv4',
  ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  endpoints: [
    { addresses: ['10.244.0.1'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.0.2'], conditions: {} },
    { addresses: ['10.244.0.3'], hostname: 'db-2', conditions: { ready: false } },
  ],
});
slice('db-2', 'db', {
  addressType: 'IPv6',
  ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  endpoints: [{ addresses: ['fd00:0:0:0::1'], hostname: 'db-0' }],
});
service('early', { clusterIP: 'None', publishNotReadyAddresses: true });
slice('early-1', 'early', {
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.244.0.7'], hostname: 'e-0', conditions: { ready: false } }],
});
service('none', { clusterIP: 'None' });
service('outside', { type: 'ExternalName', externalName: 'WWW.example.com.' });
service('number', { type: 'ExternalName', externalName: '192.0.2.1' });

function zoneOf(given: Record<string, unknown> = objects): clusterDns.ClusterZone {
  const zone = new clusterDns.ClusterZone('cluster.local', ['10.96.0.10']);
  for (const [stream, object] of Object.entries(given)) zone.take(stream, object as KubeObject);
  return zone;
}
const zone = zoneOf();
/** `A 10.96.3.4`, `SRV 0 100 80 web…`, `NXDOMAIN`, `NODATA`, or `elsewhere`. */
function answers(name: string, type: string, of = zone): readonly string[] | string {
  const reply = clusterDns.answer({ name, type }, of);
  if (!reply) return 'elsewhere';
  if (reply.answers.length > 0) return reply.answers.map(words);
  expect(reply.authorities.map(words)).toEqual([expect.stringMatching(/^SOA ns\.dns\.cluster\.local 5$/)]);
  return reply.rcode === 'NXDOMAIN' ? 'NXDOMAIN' : 'NODATA';
}
function words(record: DnsRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return `${record.type} ${record.address}`;
    case 'SRV':
      return `SRV ${record.priority} ${record.weight} ${record.port} ${record.target}`;
    case 'SOA':
      return `SOA ${record.soa.primary} ${record.soa.minimum}`;
    case 'TXT':
      return `TXT ${record.text}`;
    default:
      return `${record.type} ${record.target}`;
  }
}

describe('the zone of a cluster', () => {
  it.each([
    ['web.shop.svc', 'A', ['A 10.96.3.4']],
    ['web.shop.svc', 'AAAA', ['AAAA fd00::4']],
    ['web.shop.svc', 'MX', 'NODATA'],
    ['_http._tcp.web.shop.svc', 'SRV', ['SRV 0 100 80 web.shop.svc.cluster.local']],
    ['_dns._udp.web.shop.svc', 'SRV', ['SRV 0 100 53 web.shop.svc.cluster.local']],
    ['_dns._udp.web.shop.svc', 'A', 'NODATA'],
    ['_dns._tcp.web.shop.svc', 'SRV', 'NXDOMAIN'],
    ['_._tcp.web.shop.svc', 'SRV', 'NXDOMAIN'],
    ['_tcp.web.shop.svc', 'SRV', 'NODATA'],
    ['_sctp.web.shop.svc', 'SRV', 'NXDOMAIN'],
    ['10-244-0-9.web.shop.svc', 'A', ['A 10.244.0.9']],
    ['db.shop.svc', 'A', ['A 10.244.0.1', 'A 10.244.0.2']],
    ['db.shop.svc', 'AAAA', ['AAAA fd00::1']],
    ['db-0.db.shop.svc', 'A', ['A 10.244.0.1']],
    ['db-0.db.shop.svc', 'AAAA', ['AAAA fd00::1']],
    ['10-244-0-2.db.shop.svc', 'A', ['A 10.244.0.2']],
    ['db-2.db.shop.svc', 'A', 'NXDOMAIN'],
    ['x.db-0.db.shop.svc', 'A', 'NXDOMAIN'],
    [
      '_sql._tcp.db.shop.svc',
      'SRV',
      ['SRV 0 50 5432 db-0.db.shop.svc.cluster.local', 'SRV 0 50 5432 10-244-0-2.db.shop.svc.cluster.local'],
    ],
    ['e-0.early.shop.svc', 'A', ['A 10.244.0.7']],
    ['none.shop.svc', 'A', 'NXDOMAIN'],
    ['outside.shop.svc', 'A', ['CNAME www.example.com']],
    ['x.outside.shop.svc', 'A', 'NXDOMAIN'],
    ['number.shop.svc', 'A', 'NXDOMAIN'],
    ['nobody.shop.svc', 'A', 'NXDOMAIN'],
    ['web.nowhere.svc', 'A', 'NXDOMAIN'],
    ['shop.svc', 'A', 'NODATA'],
    ['empty.svc', 'A', 'NODATA'],
    ['nowhere.svc', 'A', 'NXDOMAIN'],
    ['svc', 'A', 'NODATA'],
    ['pod', 'A', 'NODATA'],
    ['1-2-3-4.empty.pod', 'A', ['A 1.2.3.4']],
    ['1-2-3-4.empty.pod', 'AAAA', 'NODATA'],
    ['2001-db8--1.empty.pod', 'AAAA', ['AAAA 2001:db8::1']],
    ['1-2-3-400.empty.pod', 'A', 'NXDOMAIN'],
    ['1-2-3-4.nowhere.pod', 'A', 'NXDOMAIN'],
    ['dns-version', 'TXT', ['TXT 1.1.0']],
    ['ns.dns', 'A', ['A 10.96.0.10']],
    ['other', 'A', 'NXDOMAIN'],
  ])('answers %s %s by %j', (name, type, expected) => {
    expect(answers(`${name}.cluster.local`, type)).toEqual(expected);
  });
  it('has a start of authority and a name server', () => {
    expect(answers('cluster.local', 'SOA')).toEqual(['SOA ns.dns.cluster.local 5']);
    expect(answers('cluster.local', 'NS')).toEqual(['NS ns.dns.cluster.local']);
    expect(answers('cluster.local', 'A')).toBe('NODATA');
  });
  it.each([
    ['4.3.96.10.in-addr.arpa', ['PTR web.shop.svc.cluster.local']],
    ['1.0.244.10.in-addr.arpa', ['PTR db-0.db.shop.svc.cluster.local']],
    ['2.0.244.10.in-addr.arpa', ['PTR 10-244-0-2.db.shop.svc.cluster.local']],
    ['4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa', ['PTR web.shop.svc.cluster.local']],
    // An endpoint that is not ready, one of a service with an address, nobody's, and names that are no addresses.
    ['3.0.244.10.in-addr.arpa', 'elsewhere'],
    ['9.0.244.10.in-addr.arpa', 'elsewhere'],
    ['8.8.8.8.in-addr.arpa', 'elsewhere'],
    ['4.3.96.in-addr.arpa', 'elsewhere'],
    ['d.f.ip6.arpa', 'elsewhere'],
    ['example.com', 'elsewhere'],
    ['notcluster.local', 'elsewhere'],
  ])('answers PTR %s by %j', (name, expected) => {
    expect(answers(name, 'PTR')).toEqual(expected);
  });
  it('leads a question on behind an alias, names the addresses of servers, and keeps nothing long', () => {
    const alias = clusterDns.answer({ name: 'outside.shop.svc.cluster.local', type: 'A' }, zone);
    expect(alias?.continuesAt).toBe('www.example.com');
    const servers = clusterDns.answer({ name: '_sql._tcp.db.shop.svc.cluster.local', type: 'SRV' }, zone);
    expect(
      servers?.additionals.map(({ name, ttl, ...record }) => [name, ttl, 'address' in record && record.address]),
    ).toEqual([
      ['db-0.db.shop.svc.cluster.local', 30, '10.244.0.1'],
      ['db-0.db.shop.svc.cluster.local', 30, 'fd00::1'],
      ['10-244-0-2.db.shop.svc.cluster.local', 30, '10.244.0.2'],
    ]);
    expect(clusterDns.answer({ name: 'web.shop.svc.cluster.local', type: 'A' }, zone)?.answers[0]?.ttl).toBe(30);
    expect(clusterDns.answer({ name: 'x.cluster.local', type: 'A' }, zone)?.authorities[0]?.ttl).toBe(5);
  });
  it('answers a service of 1,000 ports with 1,000 endpoints in bounded work', () => {
    const ports = Array.from({ length: 1000 }, (_, n) => ({ name: `p${n}`, port: n + 1, protocol: 'TCP' }));
    const big = zoneOf({
      'core.services/shop/big': { metadata: { name: 'big', namespace: 'shop' }, spec: { clusterIP: 'None', ports } },
      'discovery.k8s.io.endpointslices/shop/big-1': {
        metadata: { name: 'big-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'big' } },
        addressType: 'IPv4',
        ports,
        endpoints: Array.from({ length: 1000 }, (_, n) => ({ addresses: [`10.1.${n >> 8}.${n & 255}`] })),
      },
    });
    const all = clusterDns.answer({ name: 'big.shop.svc.cluster.local', type: 'SRV' }, big);
    expect(all?.answers.length).toBe(4096);
    const one = clusterDns.answer({ name: '_p7._tcp.big.shop.svc.cluster.local', type: 'SRV' }, big);
    expect(one?.answers.length).toBe(1000);
  });
});

describe('the index of the zone', () => {
  const names = ['a', 'b'];
  const ips = ['10.0.0.1', '10.0.0.2', 'fd00::1'];
  const namespaceOf = fc.constantFrom('n1', 'n2');
  const change = fc.oneof(
    fc.record({ kind: fc.constant('namespace'), namespace: namespaceOf, gone: fc.boolean() }),
    fc.record({
      kind: fc.constant('service'),
      namespace: namespaceOf,
      name: fc.constantFrom(...names),
      gone: fc.boolean(),
      spec: fc.constantFrom<Record<string, unknown>>(
        { clusterIP: '10.96.0.1' },
        { clusterIP: '10.96.0.2', ports: [{ name: 'p', port: 1 }] },
        { clusterIP: 'None', ports: [{ name: 'p', port: 1 }] },
        { clusterIP: 'None', publishNotReadyAddresses: true },
        { type: 'ExternalName', externalName: 'x.y' },
      ),
    }),
    fc.record({
      kind: fc.constant('slice'),
      namespace: namespaceOf,
      name: fc.constantFrom('s1', 's2'),
      of: fc.constantFrom(...names),
      gone: fc.boolean(),
      endpoints: fc.array(
        fc.record({
          addresses: fc.constantFrom(...ips).map((ip) => [ip]),
          hostname: fc.constantFrom('h', undefined),
          conditions: fc.record({ ready: fc.boolean() }),
        }),
        { maxLength: 3 },
      ),
    }),
  );
  type Step = { kind: string; namespace: string; gone: boolean; name?: string; [key: string]: unknown };
  const streamOf = ({ kind, namespace, name = '' }: Step): string =>
    kind === 'namespace'
      ? `core.namespaces/_/${namespace}`
      : `${kind === 'service' ? 'core.services' : 'discovery.k8s.io.endpointslices'}/${namespace}/${name}`;
  const objectOf = ({ kind, namespace, name, of, gone: _gone, ...rest }: Step): unknown =>
    kind === 'namespace'
      ? { metadata: { name: namespace } }
      : {
          metadata: { name, namespace, labels: { 'kubernetes.io/service-name': of } },
          addressType: 'IPv4',
          ports: [{ name: 'p', port: 9, protocol: 'TCP' }],
          ...rest,
        };
  const asked = ['n1', 'n2'].flatMap((namespace) => [
    `${namespace}.svc.cluster.local`,
    ...names.flatMap((name) =>
      ['', 'h.', '10-0-0-1.', '_p._tcp.', '_tcp.'].map((front) => `${front}${name}.${namespace}.svc.cluster.local`),
    ),
  ]);
  const reverses = ['1.0.0.10', '2.0.0.10', '1.0.96.10', '2.0.96.10'].map((text) => `${text}.in-addr.arpa`);

  it('says after any changes what one says that is built anew', () => {
    fc.assert(
      fc.property(fc.array(change as fc.Arbitrary<Step>, { maxLength: 25 }), (steps) => {
        const kept = zoneOf({});
        const now: Record<string, unknown> = {};
        for (const step of steps) {
          const stream = streamOf(step);
          if (step.gone) delete now[stream];
          else now[stream] = objectOf(step);
          kept.take(stream, now[stream] as KubeObject | undefined);
          // A question between two changes derives what the next one makes untrue.
          answers(asked[steps.length % asked.length] ?? '', 'A', kept);
        }
        const anew = zoneOf(now);
        for (const type of ['A', 'AAAA', 'SRV', 'PTR'])
          for (const name of [...asked, ...reverses])
            expect([name, type, answers(name, type, kept)]).toEqual([name, type, answers(name, type, anew)]);
      }),
      { numRuns: 60 },
    );
  });
});
