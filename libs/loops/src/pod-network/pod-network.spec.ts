import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ipv4Overlap } from '#meta';
import type { HostNetwork, KubeObject, PodWay } from '#model';
import {
  networkCondition,
  peerOf,
  planIpv6Paths,
  planPaths,
  podMtu,
  rangeConflict,
  serviceConflict,
  type Ipv6Place,
  type Peer,
  type PodNetworkPlace,
} from './index.js';

const HOST: HostNetwork = {
  addresses: [
    { address: '127.0.0.1', bits: 8, device: 'lo', mtu: 65_536 },
    { address: '192.0.2.1', bits: 24, device: 'eth0', mtu: 1500 },
  ],
  routes: [{ cidr: '192.0.2.0/24', device: 'eth0', isIndirect: false }],
};
const HERE: PodNetworkPlace = {
  node: 'a',
  address: '192.0.2.1',
  podCidr: '10.244.0.0/24',
  clusterCidr: '10.244.0.0/16',
  mode: 'auto',
  host: HOST,
};
const peer = (name: string, address: string, podCidr: string, insistsOnVxlan = false): Peer => ({
  name,
  address,
  podCidr,
  insistsOnVxlan,
});
const ways = (peers: readonly Peer[], more: Partial<PodNetworkPlace> = {}): readonly string[] => {
  const { paths, problems } = planPaths(peers, { ...HERE, ...more });
  return [...paths.map(({ node, podCidr, way }) => `${node} ${podCidr} ${way}`), ...problems];
};

/** The network of so many bits that an address of the cluster is in. */
const rangeAt = (third: number, bits: number): string =>
  `10.244.${bits >= 24 ? third : third - (third % 2 ** (24 - bits))}.0/${bits}`;

describe('paths to the pods of other nodes', () => {
  const near = peer('b', '192.0.2.2', '10.244.1.0/24');
  const far = peer('c', '198.51.100.3', '10.244.2.0/24');

  test('are routes on a network that both are on, and VXLAN elsewhere', () => {
    expect(ways([far, near, peer('a', '192.0.2.1', '10.244.0.0/24')])).toEqual([
      'b 10.244.1.0/24 route',
      'c 10.244.2.0/24 vxlan',
    ]);
  });
  test('are VXLAN where either side insists on it', () => {
    expect(ways([near], { mode: 'vxlan' })).toEqual(['b 10.244.1.0/24 vxlan']);
    expect(ways([peer('b', '192.0.2.2', '10.244.1.0/24', true)])).toEqual(['b 10.244.1.0/24 vxlan']);
  });
  test('are what works on a network that both are on, and asked for there alone', () => {
    const choice = () => ({ way: 'vxlan', spare: 'route' }) as const;
    const { paths } = planPaths([near, far, peer('d', '192.0.2.4', '10.244.4.0/24', true)], { ...HERE, choice });
    const common = paths.map(({ node, way, spare, isProbed }) => [node, way, spare, isProbed]);
    expect(common).toEqual([
      ['b', 'vxlan', 'route', true],
      ['c', 'vxlan', undefined, undefined],
      ['d', 'vxlan', undefined, undefined],
    ]);
    for (const [mode, way] of [
      ['routes', 'route'],
      ['vxlan', 'vxlan'],
    ] as const)
      expect(planPaths([near], { ...HERE, mode, choice }).paths).toEqual([
        { node: 'b', podCidr: '10.244.1.0/24', address: '192.0.2.2', way },
      ]);
  });
  test('are none, with a reason, where only routes may be used and none can be', () => {
    expect(ways([near, far], { mode: 'routes' })).toEqual([
      'b 10.244.1.0/24 route',
      "pods of node c are not reached: 198.51.100.3 is not on the network of this node's address 192.0.2.1, and SHIPLOG_POD_NETWORK is routes here",
    ]);
  });
  test('are not needed to a node on the same machine', () => {
    expect(ways([peer('b', '192.0.2.1', '10.244.1.0/24')])).toEqual([]);
  });
  test("never lead into a range that is this node's own, not of the cluster, or another node's", () => {
    expect(
      ways([
        peer('b', '192.0.2.2', '10.244.0.128/25'),
        peer('c', '192.0.2.3', '192.0.2.0/24'),
        peer('d', '192.0.2.4', '10.244.4.0/24'),
        peer('e', '192.0.2.5', '10.244.4.0/22'),
        peer('f', '192.0.2.6', '10.244.4.64/26'),
        peer('g', '192.0.2.7', '0.0.0.0/0'),
      ]),
    ).toEqual([
      'd 10.244.4.0/24 route',
      'pods of node b are not reached: its range 10.244.0.128/25 overlaps that of another node',
      'pods of node c are not reached: its range 192.0.2.0/24 is not within 10.244.0.0/16',
      'pods of node e are not reached: its range 10.244.4.0/22 overlaps that of another node',
      'pods of node f are not reached: its range 10.244.4.64/26 overlaps that of another node',
      'pods of node g are not reached: its range 0.0.0.0/0 is not within 10.244.0.0/16',
    ]);
  });
  test('are none, for that node alone, where what it says of itself cannot be used', () => {
    const bad = (address: string, podCidr = '10.244.2.0/24'): readonly string[] =>
      ways([peer('b', address, podCidr), peer('c', '192.0.2.3', '10.244.3.0/24')]);
    const none = (why: string): readonly string[] => [
      'c 10.244.3.0/24 route',
      `pods of node b are not reached: its ${why}`,
    ];
    for (const address of [
      '::ffff:192.0.2.5',
      '192.0.02.5',
      '127.0.0.5',
      '0.0.0.9',
      '224.0.0.1',
      '255.255.255.255',
      'b',
    ])
      expect(bad(address)).toEqual(none(`address ${address} is none of one machine in IPv4`));
    for (const address of ['192.0.2.0', '192.0.2.255'])
      expect(bad(address)).toEqual(none(`address ${address} means all machines of a network`));
    expect(bad('192.0.2.5', '10.244.2.7/24')).toEqual(none('range 10.244.2.7/24 is no network, as 10.244.2.0/24 is'));
    expect(bad('192.0.2.5', '10.244.02.0/24')).toEqual(none('range 10.244.02.0/24 is no network, as 10.244.2.0/24 is'));
    expect(bad('192.0.2.5', '10.244.2.7/32')).toEqual(none('range 10.244.2.7/32 has no room for pods'));
    expect(bad('192.0.2.5', '2001:db8::/64')).toEqual(none('range 2001:db8::/64 is none of IPv4'));
  });
  test('never overlap, whatever ranges nodes claim, and each node is reached or has a reason', () => {
    const claimed = fc.tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 21, max: 28 }));
    fc.assert(
      fc.property(fc.array(claimed, { maxLength: 12 }), (all) => {
        const peers = all.map(([at, bits], i) => peer(`n${i}`, `192.0.2.${i + 10}`, rangeAt(at, bits)));
        const { paths, problems } = planPaths(peers, HERE);
        expect(paths.length + problems.length).toBe(peers.length);
        for (const one of paths)
          for (const other of [...paths, { node: 'a', podCidr: HERE.podCidr }])
            expect(one.node !== other.node && ipv4Overlap(one.podCidr, other.podCidr)).toBe(false);
      }),
    );
  });
  test('are decided alike on both sides, whatever other networks a host is on', () => {
    const place = fc.record({ last: fc.integer({ min: 1, max: 254 }), third: fc.integer({ min: 0, max: 1 }) });
    const side = fc.record({
      own: place,
      others: fc.array(place, { maxLength: 2 }),
      isOwnFirst: fc.boolean(),
      mode: fc.constantFrom<'auto' | 'vxlan'>('auto', 'vxlan'),
    });
    const text = ({ third, last }: { third: number; last: number }): string => `203.0.${third}.${last}`;
    fc.assert(
      fc.property(side, side, (one, other) => {
        const address = (of: typeof one): string => text(of.own);
        const all = [one, other].flatMap(({ own, others }) => [own, ...others].map(text));
        if (new Set(all).size < all.length) return;
        const nics = ({ own, others, isOwnFirst }: typeof one): HostNetwork['addresses'] =>
          (isOwnFirst ? [own, ...others] : [...others, own]).map((at, i) => ({
            address: text(at),
            bits: 24,
            device: `eth${i}`,
            mtu: 1500,
          }));
        const seen = (from: typeof one, to: typeof one): unknown =>
          planPaths([peer('z', address(to), '10.244.9.0/24', to.mode === 'vxlan')], {
            ...HERE,
            address: address(from),
            mode: from.mode,
            host: { addresses: nics(from), routes: [] },
          }).paths[0]?.way;
        expect(seen(one, other)).toBe(seen(other, one));
      }),
    );
  });
});

describe('the size of packets', () => {
  test('leaves room for VXLAN where that may be used', () => {
    expect(podMtu(HOST, '192.0.2.1', 'auto')).toBe(1450);
    expect(podMtu(HOST, '192.0.2.1', 'vxlan')).toBe(1450);
    expect(podMtu(HOST, '192.0.2.1', 'routes')).toBe(1500);
    expect(podMtu(HOST, '127.0.0.1', 'routes')).toBe(9000);
  });
});

describe('a network of pods', () => {
  const withRoute = (cidr: string, isIndirect = false): HostNetwork => ({
    ...HOST,
    routes: [...HOST.routes, { cidr, device: 'eth1', isIndirect }],
  });
  const conflict = (host: HostNetwork): string | undefined => rangeConflict('10.244.0.0/16', host);

  test('may not overlap what the host itself is on', () => {
    expect(conflict(HOST)).toBeUndefined();
    expect(conflict(withRoute('10.244.7.0/24'))).toBe(
      '10.244.0.0/16, the network of pods (SHIPLOG_POD_CIDR), overlaps 10.244.7.0/24, which this host has on eth1: start the cluster with another one',
    );
    expect(conflict(withRoute('10.0.0.0/8'))).toContain('overlaps 10.0.0.0/8');
    expect(conflict(withRoute('10.244.7.0/24', true))).toContain('overlaps 10.244.7.0/24');
  });
  test('may be within what is reached by way of others, and has networks of the container engine in it', () => {
    expect(conflict(withRoute('10.0.0.0/8', true))).toBeUndefined();
    const bridged = { cidr: '10.244.3.0/24', device: 'br-0123456789ab', isIndirect: false };
    const host = { ...HOST, routes: [bridged] };
    expect(conflict(host)).toBeUndefined();
    expect(ways([peer('b', '192.0.2.2', '10.244.3.0/24')], { host: { ...HOST, routes: [bridged] } })).toEqual([
      'pods of node b are not reached: its range 10.244.3.0/24 overlaps 10.244.3.0/24, which this host has on br-0123456789ab',
    ]);
  });
});

describe('the network of Services', () => {
  const routes = (cidr: string, isIndirect = false): HostNetwork => ({
    ...HOST,
    routes: [...HOST.routes, { cidr, device: 'eth1', isIndirect }],
  });

  test('hides what the host itself is on there', () => {
    expect(serviceConflict(HOST)).toBeUndefined();
    for (const cidr of ['10.96.7.0/24', '10.0.0.0/8'])
      expect(serviceConflict(routes(cidr))).toBe(
        `10.96.0.0/16, where Services have their addresses, overlaps ${cidr}, which this host has on eth1: machines there are not reached at addresses that Services have. Give the host another network`,
      );
    expect(serviceConflict(routes('10.96.7.0/24', true))).toContain('overlaps 10.96.7.0/24');
    expect(serviceConflict(routes('10.0.0.0/8', true))).toBeUndefined();
    expect(serviceConflict(routes('10.97.0.0/16'))).toBeUndefined();
  });
});

describe('what a node says of its network', () => {
  const path = (way: 'route' | 'vxlan') => ({ node: 'b', podCidr: '10.244.1.0/24', address: '192.0.2.2', way });
  test('is how others are reached', () => {
    const message = (paths: readonly ReturnType<typeof path>[]): string =>
      networkCondition({ insistsOnVxlan: false, hasOthers: true, paths }).message;
    expect([message([]), message([path('route')])]).toEqual(Array(2).fill('pods of other nodes are reached by routes'));
    expect(message([path('vxlan')])).toBe('pods of other nodes are reached by VXLAN');
    expect(message([path('vxlan'), path('route')])).toContain('by routes, and by VXLAN on other networks');
    expect(networkCondition({ insistsOnVxlan: true, hasOthers: true, paths: [] })).toMatchObject({
      status: 'False',
      reason: 'PodVxlan',
    });
  });
  test('is which nodes are reached through the overlay since the direct way does not answer, a few by name', () => {
    const around = (i: number) =>
      ({ ...path('vxlan'), node: `n${i}`, podCidr: `10.244.${i}.0/24`, spare: 'route', isProbed: true }) as const;
    const said = (...paths: Parameters<typeof networkCondition>[0]['paths']): unknown => {
      const { reason, message, status } = networkCondition({ insistsOnVxlan: false, hasOthers: true, paths });
      expect([status, reason]).toEqual(['False', 'PodRoutes']);
      return message;
    };
    const one = 'pods of n2 are reached through the overlay: the direct way to 10.244.2.1 does not answer';
    expect(said(around(2))).toBe(one);
    expect(said(path('route'), around(2))).toBe(`pods of other nodes are reached by routes; ${one}`);
    expect(said(path('vxlan'), around(2))).toBe(`pods of other nodes are reached by VXLAN; ${one}`);
    expect(said(around(2), around(3))).toBe(
      'pods of n2 and n3 are reached through the overlay: the direct ways to 10.244.2.1 and 10.244.3.1 do not answer',
    );
    const many = said(around(2), around(3), around(4), around(5));
    expect(many).toBe(
      'pods of n2, n3, n4 and others are reached through the overlay: the direct ways to 10.244.2.1, 10.244.3.1, 10.244.4.1 and others do not answer',
    );
    expect(said(around(2), around(3), around(4), around(5), around(6))).toBe(many);
    expect(said({ ...path('route'), isProbed: true })).toBe('pods of other nodes are reached by routes');
  });
  test('is that it fails, unless there is nobody to reach', () => {
    const failure = 'ip is not installed';
    expect(networkCondition({ insistsOnVxlan: false, hasOthers: false, paths: [], failure }).status).toBe('False');
    for (const paths of [[], [path('route')]])
      expect(networkCondition({ insistsOnVxlan: false, hasOthers: true, paths, failure })).toEqual({
        status: 'True',
        reason: 'PodNetworkFailed',
        message: 'pods of other nodes are not reached: ip is not installed',
      });
  });
  test('is that others are to reach it by VXLAN while that fails too', () => {
    const state = { insistsOnVxlan: true, hasOthers: true, paths: [path('vxlan')], failure: 'ip is not installed' };
    const said = networkCondition(state);
    expect(said).toEqual({
      status: 'True',
      reason: 'PodVxlan',
      message: 'pods of other nodes are not reached: ip is not installed',
    });
    const conditions = [{ type: 'NetworkUnavailable', ...said }];
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'b', uid: 'b' },
      spec: { podCIDR: '10.244.1.0/24' },
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.2' }], conditions },
    } as unknown as KubeObject;
    expect(peerOf(node)?.insistsOnVxlan).toBe(true);
  });
});

describe('paths to addresses of IPv6 that pods of other nodes have', () => {
  const here: Ipv6Place = {
    podCidr: 'fd00:10::/64',
    clusterCidr: 'fd00:10::/56',
    mode: 'auto',
    address: '2001:db8::1',
    bits: 64,
  };
  const six = (name: string, podCidrIpv6: string, addressIpv6?: string): Peer => ({
    ...peer(name, '192.0.2.2', '10.244.1.0/24'),
    podCidrIpv6,
    ...(addressIpv6 !== undefined && { addressIpv6 }),
  });
  const planned = (peers: readonly Peer[], more: Partial<Ipv6Place> = {}, way: PodWay = 'route'): readonly string[] => {
    const four = peers.map(({ name: node, address, podCidr }) => ({ node, address, podCidr, way }));
    const { paths, problems } = planIpv6Paths(peers, four, { ...here, ...more });
    return [...paths.map((one) => `${one.node} ${one.podCidr} ${one.way} ${one.address}`), ...problems];
  };
  test('are routes where both have addresses of IPv6 on one network, and VXLAN between addresses of IPv4 elsewhere', () => {
    const near = six('b', 'fd00:10:0:1::/64', '2001:db8::2');
    expect(planned([near])).toEqual(['b fd00:10:0:1::/64 route 2001:db8::2']);
    const byVxlan = ['b fd00:10:0:1::/64 vxlan 192.0.2.2'];
    expect(planned([near], {}, 'vxlan')).toEqual(byVxlan);
    expect(planned([near], { address: undefined })).toEqual(byVxlan);
    for (const address of [undefined, '2001:db8:1::2', 'fe80::1', '2001:db8::', '2001:db8::1', '::ffff:192.0.2.2'])
      expect(planned([six('b', 'fd00:10:0:1::/64', address)])).toEqual(byVxlan);
  });
  test('are none to a node without a range of IPv6, nor where only routes may be used and none can be', () => {
    expect(planned([peer('b', '192.0.2.2', '10.244.1.0/24')])).toEqual([]);
    expect(planned([six('b', 'fd00:10:0:1::/64')], { mode: 'routes' })).toEqual([
      'pods of node b are not reached by IPv6: both nodes need addresses of IPv6 on one network, and SHIPLOG_POD_NETWORK is routes here',
    ]);
  });
  test.each([
    ['fd00:10::/64', 'overlaps that of another node'],
    ['fd00:11::/64', 'is not within fd00:10::/56'],
    ['fd00:10::/48', 'is not within fd00:10::/56'],
    ['fd00:10:0:1::1/64', 'is no network'],
    ['10.0.0.0/24', 'is no network'],
    ['fd00:10:0:1::/127', 'has no room for pods'],
  ])('never lead to the range %s, which %s', (range, why) => {
    expect(planned([six('b', range)])).toEqual([`pods of node b are not reached by IPv6: its range ${range} ${why}`]);
  });
  test('are planned at a cost that grows with the nodes alone', () => {
    const many = Array.from({ length: 5000 }, (_, i) => six(`n${i}`, `fd00:10:0:${(i + 1).toString(16)}::/64`));
    const larger = six('z', 'fd00:10::/60');
    const before = performance.now();
    const said = planned([...many, larger], { clusterCidr: 'fd00:10::/48' }, 'vxlan');
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(said).toHaveLength(5001);
    expect(said.at(-1)).toContain('its range fd00:10::/60 overlaps that of another node');
  });
  test('lead to the first of two nodes with one range', () => {
    expect(planned([six('b', 'fd00:10:0:1::/64'), six('c', 'fd00:10:0:1::/64')])).toEqual([
      'b fd00:10:0:1::/64 vxlan 192.0.2.2',
      'pods of node c are not reached by IPv6: its range fd00:10:0:1::/64 overlaps that of another node',
    ]);
  });
});

describe('a node, as others see it', () => {
  const node = (spec: object, addresses: readonly object[], conditions: readonly object[] = []): KubeObject =>
    ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'b', uid: 'b' },
      spec,
      status: { addresses, conditions },
    }) as unknown as KubeObject;
  const six = { type: 'InternalIP', address: '2001:db8::1' };
  const four = { type: 'InternalIP', address: '192.0.2.2' };

  test('has its range of IPv6, and its address of it, where it has them', () => {
    const spec = { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00:10:0:1::/64'] };
    expect(peerOf(node(spec, [four, six]))).toMatchObject({
      podCidrIpv6: 'fd00:10:0:1::/64',
      addressIpv6: '2001:db8::1',
    });
    expect(peerOf(node(spec, [four]))).not.toHaveProperty('addressIpv6');
  });
  test('has its first IPv4 address and its range, or is none', () => {
    const spec = { podCIDR: '10.244.1.0/24' };
    expect(peerOf(node(spec, [six, four]))).toEqual(peer('b', '192.0.2.2', '10.244.1.0/24'));
    expect(peerOf(node({ podCIDR: null }, [four]))).toBeUndefined();
    expect(peerOf(node(spec, [six]))).toBeUndefined();
    expect(peerOf({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'b' } } as KubeObject)).toBeUndefined();
    const insists = [{ type: 'NetworkUnavailable', status: 'False', reason: 'PodVxlan' }];
    expect(peerOf(node(spec, [four], insists))?.insistsOnVxlan).toBe(true);
  });
});
