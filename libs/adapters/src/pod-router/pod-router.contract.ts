import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PodPath, PodWay } from '#model';
import type { PodRouter, PodRouterPlan } from '#ports';
import { PROBE_PORTS, vxlanId } from './names.js';
import { NODES, RouterNetwork, type NodeName, type Part } from './router-network.js';

const CLUSTER = 'contract-cluster';

export interface RouterUnderTest {
  /** Keeps networks of tests apart that run at once. */
  readonly mark: string;
  readonly make: (network: RouterNetwork, node: NodeName) => PodRouter;
}

/** What each router does for pods and nodes, on one network and across a router. */
export function podRouterContract({ mark, make }: RouterUnderTest): void {
  let network: RouterNetwork;
  let routers: Readonly<Record<NodeName, PodRouter>>;
  let before: Readonly<Record<string, string>>;
  const path = (to: NodeName, way: PodWay): PodPath => ({
    node: to,
    podCidr: network.podsOf(to).cidr,
    address: network.addressOf(to),
    way,
  });
  const planOf = (node: NodeName, paths: readonly PodPath[]): PodRouterPlan => ({
    cluster: CLUSTER,
    node,
    pods: network.podsOf(node),
    podCidr: RouterNetwork.podCidr,
    address: network.addressOf(node),
    paths,
    isWhole: true,
  });
  const all = (node: NodeName, wayOf: (to: NodeName) => PodWay): PodRouterPlan =>
    planOf(
      node,
      NODES.filter((to) => to !== node).map((to) => path(to, wayOf(to))),
    );
  /** Routes between `a` and `b`, VXLAN to and from `c`. */
  const mixed = (node: NodeName): PodRouterPlan => all(node, (to) => (node === 'c' || to === 'c' ? 'vxlan' : 'route'));
  const applyAll = async (of: (node: NodeName) => PodRouterPlan): Promise<void> => {
    for (const node of NODES) await routers[node].apply(of(node));
  };
  const state = (): Readonly<Record<string, string>> =>
    Object.fromEntries(NODES.map((node) => [node, network.stateOf(node)]));
  const pairs = NODES.flatMap((from) => NODES.filter((to) => to !== from).map((to) => [from, to] as const));

  /** What each node's part is answered at the places of the others, in the order of the pairs. */
  const asked = async (
    partOf: (node: NodeName) => Part,
    placeOf: (node: NodeName) => string,
  ): Promise<readonly string[]> =>
    (
      await Promise.all(
        NODES.map((from) => network.askAll(partOf(from), NODES.filter((to) => to !== from).map(placeOf))),
      )
    ).flat();

  beforeAll(async () => {
    network = RouterNetwork.make(mark);
    const parts = [...NODES, ...NODES.map((node) => `${node}-pod` as const), 'outside'] as const;
    await Promise.all(parts.map((part) => network.serve(part)));
    routers = { a: make(network, 'a'), b: make(network, 'b'), c: make(network, 'c') };
    before = state();
  });
  afterAll(() => network?.remove());

  test('says what networks the host is on, and nothing of its own', async () => {
    const seen = await routers.a.host();
    expect(seen.addresses).toContainEqual({ address: '192.0.2.1', bits: 24, device: 'eth0', mtu: 1500 });
    expect(seen.routes).toContainEqual({ cidr: '192.0.2.0/24', device: 'eth0', isIndirect: false });
    await applyAll(mixed);
    expect(await routers.a.host()).toEqual(seen);
  });

  describe.each<[string, (node: NodeName) => PodRouterPlan]>([
    ['by routes, and by VXLAN across a router', (node) => mixed(node)],
    ['by VXLAN alone', (node) => all(node, () => 'vxlan')],
  ])('%s', (_how, plan) => {
    beforeAll(() => applyAll(plan));

    test('each pod reaches each other one, which sees its address', async () => {
      const seen = await asked(
        (from) => `${from}-pod`,
        (to) => network.podOf(to),
      );
      expect(seen).toEqual(pairs.map(([from]) => network.podOf(from)));
    });
    test("each node reaches each pod, which sees an address of the node's range", async () => {
      const seen = await asked(
        (from) => from,
        (to) => network.podOf(to),
      );
      expect(seen).toEqual(pairs.map(([from]) => network.gatewayOf(from)));
    });
    test('each pod reaches each node', async () => {
      const seen = await asked(
        (from) => `${from}-pod`,
        (to) => network.addressOf(to),
      );
      // Where the network between them knows no pods, the node stands for its pod.
      const isKnown = (from: NodeName, to: NodeName): boolean =>
        plan(from).paths.some(({ node, way }) => node === to && way === 'route');
      expect(seen).toEqual(
        pairs.map(([from, to]) => (isKnown(from, to) ? network.podOf(from) : network.addressOf(from))),
      );
    });
    test("what is outside sees the node's address, and cannot send to pods as if it were one", async () => {
      expect(await network.ask('a-pod', RouterNetwork.outside)).toBe(network.addressOf('a'));
      expect(await network.ask('c-pod', RouterNetwork.outside)).toBe(network.addressOf('c'));
    });
    test('the largest packet of a pod passes whole, and one that is larger by a byte does not where it has no room', async () => {
      expect(await network.passes('a-pod', network.podOf('c'), 1450)).toBe(true);
      expect(await network.passes('a-pod', network.podOf('c'), 1451)).toBe(false);
    });
    test('applying it again changes nothing', async () => {
      const applied = state();
      await applyAll(plan);
      expect(state()).toEqual(applied);
      for (const node of NODES) await make(network, node).apply(plan(node));
      expect(state()).toEqual(applied);
    });
  });

  describe('of both families', () => {
    /** Routes between `a` and `b`, VXLAN to and from `c`, which has no address of IPv6. */
    const dual = (node: NodeName): PodRouterPlan => {
      const plan = mixed(node);
      const paths = plan.paths.map((one): PodPath => {
        const to = one.node as NodeName;
        const podCidr = network.bothPodsOf(to).cidrIpv6;
        return { ...one, podCidr, address: one.way === 'route' ? network.ipv6Of(to) : one.address };
      });
      return { ...plan, pods: network.bothPodsOf(node), ipv6: { podCidr: RouterNetwork.podCidrIpv6, paths } };
    };
    const podIpv6 = (node: NodeName): string => network.ipv6Of(`${node}-pod`);
    beforeAll(() => applyAll(dual));
    afterAll(() => applyAll(mixed));

    test('each pod reaches each other one, which sees its address, and each node too', async () => {
      expect(await asked((from) => `${from}-pod`, podIpv6)).toEqual(pairs.map(([from]) => podIpv6(from)));
      expect(await asked((from) => from, podIpv6)).toEqual(pairs.map(([from]) => network.gatewayIpv6Of(from)));
      expect(
        await asked(
          (from) => `${from}-pod`,
          (to) => network.podOf(to),
        ),
      ).toEqual(pairs.map(([from]) => network.podOf(from)));
    });
    test("what is outside sees the node's address, and a range that no path names is unreachable", async () => {
      expect(await network.ask('a-pod', RouterNetwork.outsideIpv6)).toBe(network.ipv6Of('a'));
      expect(await network.ask('a-pod', 'fd00:251:0:77::7')).toBe('ENETUNREACH');
    });
    test('applying it again changes nothing, and what somebody else removed is mended', async () => {
      const applied = state();
      await applyAll(dual);
      for (const node of NODES) await make(network, node).apply(dual(node));
      expect(state()).toEqual(applied);
      for (const command of [
        'ip -6 route flush proto 83',
        'ip -6 neigh flush dev $(grep -o slx[0-9a-f]* /proc/net/dev) nud permanent',
        'nft flush table ip6 $(nft list tables ip6 | grep -o "shiplognet.*")',
        'ip link del $(grep -o slx[0-9a-f]* /proc/net/dev)',
      ]) {
        network.run('a', 'sh', '-c', command);
        expect(network.stateOf('a')).not.toEqual(applied.a);
        await routers.a.apply(dual('a'));
        expect(network.stateOf('a')).toEqual(applied.a);
      }
      expect(await network.ask('a-pod', podIpv6('b'))).toBe(podIpv6('a'));
      expect(await network.ask('a-pod', podIpv6('c'))).toBe(podIpv6('a'));
    });
    test('is told where a node forwards no packets of IPv6, which keeps none of IPv4 from its way', async () => {
      const forwarding = (value: number): void =>
        void network.run('a', 'sh', '-c', `echo ${value} > /proc/sys/net/ipv6/conf/all/forwarding`);
      forwarding(0);
      const failures = await routers.a.apply(dual('a'));
      expect(failures.map(({ node }) => node)).toEqual(['b', 'c']);
      expect(failures[0]?.why).toContain('net.ipv6.conf.all.forwarding has to be 1');
      expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
      forwarding(1);
      expect(await routers.a.apply(dual('a'))).toEqual([]);
    });
    test('goes with the addresses of IPv6', async () => {
      await applyAll(mixed);
      const left = state();
      for (const node of NODES) expect(left[node]).not.toContain('fd00:251');
      expect(await network.ask('a-pod', network.podOf('c'))).toBe(network.podOf('a'));
      await applyAll(dual);
    });
  });

  test('a range that no path names is unreachable, and is not waited for', async () => {
    await applyAll(mixed);
    expect(await network.ask('a-pod', '10.251.77.7')).toBe('EHOSTUNREACH');
  });
  test('a node that is gone has no path left, and one with another address has the new one', async () => {
    await applyAll(mixed);
    await routers.a.apply(planOf('a', [path('b', 'route')]));
    expect(await network.ask('a-pod', network.podOf('c'))).toBe('EHOSTUNREACH');
    expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
    const other = '192.0.2.77';
    network.run('b', 'ip', 'addr', 'add', `${other}/24`, 'dev', 'eth0');
    for (const way of ['route', 'vxlan'] as const) {
      await routers.b.apply(planOf('b', [path('a', way)]));
      await routers.a.apply(planOf('a', [{ ...path('b', way), address: other }]));
      await routers.b.apply({ ...planOf('b', [path('a', way)]), address: other });
      expect(network.run('a', 'sh', '-c', 'ip route; bridge fdb')).toContain(other);
      expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
    }
    network.run('b', 'ip', 'addr', 'del', `${other}/24`, 'dev', 'eth0');
    await applyAll(mixed);
  });
  test.each([
    ['a route', 'ip route del 10.251.2.0/24'],
    ['what is unreachable', 'ip route del unreachable 10.251.0.0/16'],
    ['the device of VXLAN', 'ip link del $(grep -o slx[0-9a-f]* /proc/net/dev)'],
    ['its address', 'ip addr flush dev $(grep -o slx[0-9a-f]* /proc/net/dev)'],
    ['a neighbour', 'ip neigh flush dev $(grep -o slx[0-9a-f]* /proc/net/dev) nud permanent'],
    ['a rule', 'nft flush ruleset'],
    ['a chain of it', 'nft flush chain ip $(nft list tables | grep -o "shiplognet.*") leaving'],
  ])('mends %s that somebody else removed', async (_what, command) => {
    await applyAll(mixed);
    const applied = network.stateOf('a');
    network.run('a', 'sh', '-c', command);
    expect(network.stateOf('a')).not.toEqual(applied);
    await routers.a.apply(mixed('a'));
    expect(network.stateOf('a')).toEqual(applied);
    expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
    expect(await network.ask('a-pod', network.podOf('c'))).toBe(network.podOf('a'));
  });
  test('a plan that is not whole takes away no path that it does not name', async () => {
    await applyAll(mixed);
    const applied = network.stateOf('a');
    for (const paths of [[], [path('b', 'route')], [path('c', 'vxlan')]]) {
      expect(await make(network, 'a').apply({ ...planOf('a', paths), isWhole: false })).toEqual([]);
      expect(network.stateOf('a')).toEqual(applied);
    }
    await routers.a.apply(planOf('a', [path('b', 'route')]));
    expect(network.stateOf('a')).not.toContain(network.addressOf('c'));
  });
  test('a path that cannot be made is told, and keeps none of the others from being made', async () => {
    await routers.a.apply(planOf('a', []));
    const bad = (node: string, address: string, way: PodWay): PodPath => ({
      node,
      podCidr: `10.251.${node.charCodeAt(0)}.0/24`,
      address,
      way,
    });
    const wrong = [bad('A', '224.0.0.1', 'route'), bad('z', '192.0.2.255', 'route')];
    const failures = await routers.a.apply(planOf('a', [...wrong, path('b', 'route'), path('c', 'vxlan'), ...wrong]));
    expect(failures.map(({ node }) => node).sort()).toEqual(['A', 'z']);
    expect(failures[0]?.why).toMatch(/^ip says: .*gateway/);
    await routers.b.apply(mixed('b'));
    await routers.c.apply(mixed('c'));
    expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
    expect(await network.ask('a-pod', network.podOf('c'))).toBe(network.podOf('a'));
    await applyAll(mixed);
  });
  test('takes packets of VXLAN from the nodes that it sends them to, and from nobody else', async () => {
    await applyAll((node) => all(node, () => 'vxlan'));
    await routers.b.apply(planOf('b', [path('c', 'vxlan')]));
    expect(await network.ask('a-pod', network.podOf('b'))).toBe('timeout');
    await applyAll(mixed);
  });
  describe('with a spare way between two nodes', () => {
    const by = (node: 'a' | 'b', way: PodWay): Promise<unknown> => {
      const spare = way === 'route' ? 'vxlan' : 'route';
      const other = { ...path(node === 'a' ? 'b' : 'a', way), spare, isProbed: true } as const;
      return routers[node].apply(planOf(node, [other]));
    };
    const ports = Object.values(PROBE_PORTS);
    const { route, vxlan } = PROBE_PORTS;
    const pairsOf = [
      ['route', 'route'],
      ['vxlan', 'vxlan'],
      ['route', 'vxlan'],
      ['vxlan', 'route'],
    ] as const;
    beforeAll(() => network.serveProbes('b', ports));
    afterAll(async () => {
      network.dropPods(false);
      for (const node of ['a', 'b'] as const) network.checkSources(node, 0);
      await applyAll(mixed);
    });

    describe.each([0, 1, 2] as const)('where sources of packets are checked by way %s', (how) => {
      beforeAll(() => (['a', 'b'] as const).forEach((node) => network.checkSources(node, how)));

      test.each(pairsOf)(
        'probes go by the way that they are of: %s on one side, %s on the other',
        async (one, other) => {
          await Promise.all([by('a', one), by('b', other)]);
          expect(await network.probed('a', 'b', ports)).toEqual([route, vxlan]);
          network.dropPods(true);
          expect(await network.probed('a', 'b', ports)).toEqual([vxlan]);
          network.dropPods(false);
        },
      );
      test('pods reach each other by the way that both use', async () => {
        for (const way of ['route', 'vxlan'] as const) {
          await Promise.all([by('a', way), by('b', way)]);
          expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
        }
        network.dropPods(true);
        expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
        network.dropPods(false);
      });
    });
    test.each([0, 2] as const)(
      'pods reach each other while only one side has changed, unless sources are checked strictly: %s',
      async (how) => {
        for (const node of ['a', 'b'] as const) network.checkSources(node, how);
        for (const [one, other] of pairsOf) {
          await Promise.all([by('a', one), by('b', other)]);
          expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
          expect(await network.ask('b-pod', network.podOf('a'))).toBe(network.podOf('b'));
        }
      },
    );
    test('only the first addresses of other nodes reach the ports of probes', async () => {
      await Promise.all([by('a', 'route'), by('b', 'route')]);
      const asked = async (part: Part): Promise<string> =>
        network.printed(
          part,
          `const socket = require('node:dgram').createSocket('udp4');
          socket.on('message', () => { console.log('answered'); process.exit(0); });
          socket.bind(${route}, () => socket.send('who', ${route}, '${network.gatewayOf('b')}'));
          setTimeout(() => process.exit(0), 300);`,
        );
      for (const part of ['a-pod', 'b-pod'] as const) expect([part, await asked(part)]).toEqual([part, '']);
    });
    test('applying it again changes nothing, and what is spare no more leaves nothing behind', async () => {
      await by('a', 'vxlan');
      const applied = network.stateOf('a');
      expect(applied).toContain(`ipproto udp dport ${route}`);
      await by('a', 'vxlan');
      await make(network, 'a').apply({ ...planOf('a', []), isWhole: false });
      expect(network.stateOf('a')).toContain(`ipproto udp dport ${route}`);
      network.run('a', 'ip', 'rule', 'del', 'pref', String(route));
      await by('a', 'vxlan');
      expect(network.stateOf('a')).toEqual(applied);
      await routers.a.apply(planOf('a', [path('b', 'vxlan')]));
      expect(network.stateOf('a')).not.toContain('ipproto');
      expect(network.stateOf('a')).not.toContain(' table ');
    });
    test('says by which ways nodes are reached, in a later life too', async () => {
      await routers.a.apply(planOf('a', [{ ...path('b', 'vxlan'), spare: 'route' }, path('c', 'route')]));
      const ways = await make(network, 'a').ways({ cluster: CLUSTER, node: 'a' });
      expect([...ways]).toContainEqual([network.podsOf('b').cidr, 'vxlan']);
      await routers.a.apply(planOf('a', [path('b', 'route')]));
      expect([...(await make(network, 'a').ways({ cluster: CLUSTER, node: 'a' }))]).toEqual([
        [network.podsOf('b').cidr, 'route'],
      ]);
    });
    test('that cannot be made takes nothing else away', async () => {
      await routers.a.apply(planOf('a', [path('b', 'route')]));
      const id = String(vxlanId({ cluster: CLUSTER }));
      const words = ['type', 'vxlan', 'id', id, 'dstport', '8472', 'local', network.addressOf('a')];
      network.run('a', 'ip', 'link', 'add', 'taken', ...words);
      const failures = await routers.a.apply(planOf('a', [{ ...path('b', 'route'), spare: 'vxlan', isProbed: true }]));
      expect(failures).toEqual([{ node: 'b', why: expect.stringContaining('ip'), isSpare: true }]);
      await by('b', 'route');
      expect(await network.ask('a-pod', network.podOf('b'))).toBe(network.podOf('a'));
      network.run('a', 'ip', 'link', 'del', 'taken');
    });
  });
  test('removes all that it made', async () => {
    for (const node of NODES) await make(network, node).remove({ cluster: CLUSTER, node });
    expect(state()).toEqual(before);
  });
}
