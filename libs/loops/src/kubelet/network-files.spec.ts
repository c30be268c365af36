import { describe, expect, it } from '@jest/globals';
import type { Pod } from '#pod';
import { kubelet } from '../index.js';

const node = {
  clusterDns: ['10.96.0.10'],
  domain: 'cluster.local',
  hostFile:
    '# by hand\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch old\nsearch example.com corp\noptions timeout:1 rotate\n',
};
const config = (spec: Partial<Pod['spec']>, on = node): kubelet.ResolverConfig =>
  kubelet.resolverConfig({ metadata: { name: 'p', namespace: 'shop', uid: 'u' }, spec } as unknown as Pod, on);
const CLUSTER =
  'search shop.svc.cluster.local svc.cluster.local cluster.local example.com corp\nnameserver 10.96.0.10\noptions ndots:5\n';
const HOST = 'search example.com corp\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:1 rotate\n';

describe("a pod's resolver", () => {
  it.each([
    ['by default', {}, CLUSTER],
    ['of ClusterFirst', { dnsPolicy: 'ClusterFirst' }, CLUSTER],
    ['of ClusterFirst on the node’s network', { dnsPolicy: 'ClusterFirst', hostNetwork: true }, HOST],
    ['of ClusterFirstWithHostNet', { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, CLUSTER],
    ['of Default', { dnsPolicy: 'Default' }, HOST],
    ['of None', { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } }, 'nameserver 1.1.1.1\n'],
    [
      'with a configuration',
      {
        dnsConfig: {
          nameservers: ['1.1.1.1', '10.96.0.10'],
          searches: ['corp', 'more.example'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
      'search shop.svc.cluster.local svc.cluster.local cluster.local example.com corp more.example\n' +
        'nameserver 10.96.0.10\nnameserver 1.1.1.1\noptions ndots:2 edns0\n',
    ],
  ])('%s is as Kubernetes writes it', (_, spec, text) => {
    expect(config(spec as Partial<Pod['spec']>)).toEqual({ text, warnings: [] });
  });
  it('is the node’s own where the node serves no cluster DNS', () => {
    expect(config({}, { ...node, clusterDns: [] }).text).toBe(HOST);
  });
  it('has three servers, 32 domains and 2,048 characters of them at most, and says what it leaves out', () => {
    const nameservers = ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'];
    const searches = Array.from({ length: 40 }, (_, n) => `d${n}`);
    const many = config({ dnsPolicy: 'None', dnsConfig: { nameservers, searches } });
    expect(many.text).toBe(
      `search ${searches.slice(0, 32).join(' ')}\nnameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n`,
    );
    expect(many.warnings).toEqual([
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.slice(0, 32).join(' ')}`,
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 1.1.1.1 1.1.1.2 1.1.1.3',
    ]);
    const long = Array.from({ length: 12 }, (_, n) => `${n}`.padEnd(200, 'x'));
    expect(
      config({ dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: long } }).text.split('\n')[0],
    ).toBe(`search ${long.slice(0, 10).join(' ')}`);
  });
});

describe("a pod's host name", () => {
  const named = (spec: object, name = 'web-0'): Pod =>
    ({ metadata: { name, namespace: 'shop', uid: 'u' }, spec }) as unknown as Pod;
  const name = (spec: object, podName?: string): string => kubelet.hostnameOf(named(spec, podName), 'cluster.local');

  it('is its own, the one that it is given, or the whole name in the cluster', () => {
    expect(name({})).toBe('web-0');
    expect(name({}, 'w'.repeat(70))).toBe('w'.repeat(63));
    expect(name({ hostname: 'first', subdomain: 'web' })).toBe('first');
    expect(name({ hostname: 'first', subdomain: 'web', setHostnameAsFQDN: true })).toBe(
      'first.web.shop.svc.cluster.local',
    );
    expect(name({ setHostnameAsFQDN: true })).toBe('web-0');
    expect(name({ hostname: 'first', hostnameOverride: 'db.example.com', setHostnameAsFQDN: true })).toBe(
      'db.example.com',
    );
  });
  it('is in its hosts file, with the whole one where it has a subdomain, and alone where it was overridden', () => {
    const own = (spec: object): string | undefined =>
      kubelet
        .hostsFile(named(spec), ['10.244.0.7'], 'cluster.local', '')
        .split('\n')
        .find((line) => line.startsWith('10.'));
    expect(own({})).toBe('10.244.0.7\tweb-0');
    expect(own({ hostname: 'first', subdomain: 'web' })).toBe('10.244.0.7\tfirst.web.shop.svc.cluster.local\tfirst');
    expect(own({ hostname: 'first', hostnameOverride: 'db.example.com' })).toBe('10.244.0.7\tdb.example.com');
  });
});
