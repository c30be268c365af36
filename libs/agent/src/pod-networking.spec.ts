import { describe, expect, it } from '@jest/globals';
import { MemoryPodRouter } from '#adapters';
import type { podNetwork } from '#loops';
import type { HostNetwork } from '#model';
import { TestNode } from './test-node.js';

const HOST: HostNetwork = {
  addresses: [{ address: '10.0.0.1', bits: 24, device: 'eth0', mtu: 1500 }],
  routes: [{ cidr: '10.0.0.0/24', device: 'eth0', isIndirect: false }],
};
type Conditions = readonly {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}[];

function nodeWith(router: MemoryPodRouter, mode: podNetwork.PodNetworkMode = 'auto'): TestNode {
  const pods = { bridge: 'br-0123456789ab', cidr: '10.244.3.0/24' };
  return new TestNode({ podNetwork: pods, clusterCidr: '10.244.0.0/16', network: { mode, router } });
}
function place(name: string, address: string, podCIDR: string, reason = 'PodRoutes'): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}` },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'NetworkUnavailable', status: 'False', reason }],
    },
  };
}
const at = (name: string): string => `node-places/_/${name}`;
const paths = (router: MemoryPodRouter): readonly string[] =>
  (router.plans.at(-1)?.paths ?? []).map(({ node, address, way }) => `${node} ${address} ${way}`);
const condition = (node: TestNode, type: string): Conditions[number] | undefined =>
  (node.nodeReports.at(-1) as { readonly conditions?: Conditions } | undefined)?.conditions?.find(
    (c) => c.type === type,
  );

/** The agent of a node that has run for some milliseconds beside the node `n2`. */
async function withPeer(router: MemoryPodRouter, ms = 1000): Promise<ReturnType<typeof nodeWith>> {
  const node = nodeWith(router);
  node.assign(place('n2', '10.0.0.2', '10.244.2.0/24'), at('n2'), true);
  await node.start();
  await node.run(ms);
  return node;
}

describe('the network of pods', () => {
  it('has a path to each other node, mended when that moves and gone when it is gone', async () => {
    const router = new MemoryPodRouter(HOST);
    const node = await withPeer(router);
    expect(paths(router)).toEqual(['n2 10.0.0.2 route']);
    expect(router.plans.at(-1)).toMatchObject({ node: 'n1', podCidr: '10.244.0.0/16', address: '10.0.0.1' });
    node.assign(place('n4', '192.0.2.4', '10.244.4.0/24'), at('n4'));
    await node.run(100);
    expect(paths(router)).toEqual(['n2 10.0.0.2 route', 'n4 192.0.2.4 vxlan']);
    node.assign(place('n2', '10.0.0.22', '10.244.2.0/24', 'PodVxlan'), at('n2'));
    node.delete(place('n4', '192.0.2.4', '10.244.4.0/24'), false, at('n4'));
    await node.run(31_000);
    expect(paths(router)).toEqual(['n2 10.0.0.22 vxlan']);
  });
  it('keeps the path to a deleted Node for connections that have begun, unless another node needs its range', async () => {
    const router = new MemoryPodRouter(HOST);
    const node = await withPeer(router);
    node.delete(place('n2', '10.0.0.2', '10.244.2.0/24'), false, at('n2'));
    await node.run(29_000);
    expect(paths(router)).toEqual(['n2 10.0.0.2 route']);
    await node.run(1100);
    expect(paths(router)).toEqual([]);
    node.assign(place('n2', '10.0.0.2', '10.244.2.0/24'), at('n2'));
    node.delete(place('n2', '10.0.0.2', '10.244.2.0/24'), false, at('n2'));
    node.assign(place('n4', '10.0.0.4', '10.244.2.0/24'), at('n4'));
    await node.run(100);
    expect(paths(router)).toEqual(['n4 10.0.0.4 route']);
    expect(node.said('n1', 'PodNetworkFailed')).toEqual([]);
    // Back again, it has another range, and its path does not end with the old one.
    node.assign(place('n2', '10.0.0.2', '10.244.5.0/24'), at('n2'));
    await node.run(40_000);
    expect(paths(router)).toEqual(['n2 10.0.0.2 route', 'n4 10.0.0.4 route']);
  });
  it('is looked after without any change, and stays when the agent is started anew while the control plane is away', async () => {
    const router = new MemoryPodRouter(HOST);
    const node = await withPeer(router);
    const applied = router.plans.length;
    await node.run(31_000);
    expect(router.plans.length).toBeGreaterThan(applied);
    node.bus.connected = false;
    await node.restartAgent();
    await node.run(60_000);
    // It knows from its own disk, or leaves alone what is there.
    expect(paths(router)).toEqual(['n2 10.0.0.2 route']);
    node.bus.connected = true;
    await node.run(60_000);
    expect(paths(router)).toEqual(['n2 10.0.0.2 route']);
  });
  it.each([
    ['what it remembers was saved before a node joined', (text: string) => text],
    ['it remembers nothing', () => ''],
    ['it remembers no node', (text: string) => JSON.stringify({ ...JSON.parse(text), objects: [] })],
  ])('loses no path when the agent is started anew and %s', async (_what, remembered) => {
    const router = new MemoryPodRouter(HOST);
    const node = await withPeer(router, 30_000);
    const text = (await node.volumes.loadKnown()) ?? '';
    expect(text).toContain('10.0.0.2');
    node.assign(place('n4', '192.0.2.4', '10.244.4.0/24'), at('n4'));
    await node.run(100);
    const all = ['n2 10.0.0.2 route', 'n4 192.0.2.4 vxlan'];
    expect(paths(router)).toEqual(all);
    const before = router.plans.length;
    await node.agent.stop();
    await node.volumes.saveKnown(remembered(text));
    await node.restartAgent();
    await node.run(1000);
    const later = router.plans.slice(before);
    for (const { paths: made, isWhole } of later)
      if (isWhole) expect(made.map(({ node: name }) => name)).toEqual(['n2', 'n4']);
    expect(later.at(-1)?.isWhole).toBe(true);
  });
  it('takes away only what the control plane says is gone, not what the agent does not remember', async () => {
    const router = new MemoryPodRouter(HOST);
    const node = await withPeer(router, 30_000);
    const before = router.plans.length;
    node.delete(place('n2', '10.0.0.2', '10.244.2.0/24'), true, at('n2'));
    node.bus.connected = false;
    await node.restartAgent();
    await node.run(60_000);
    const away = router.plans.slice(before);
    expect(away.length).toBeGreaterThan(0);
    for (const plan of away) expect(plan).toMatchObject({ isWhole: false, paths: [{ node: 'n2' }] });
    node.bus.connected = true;
    await node.run(60_000);
    expect(router.plans.at(-1)).toMatchObject({ isWhole: true, paths: [] });
  });
  it('is not looked at again because a node is well or not', async () => {
    const router = new MemoryPodRouter(HOST);
    const node = await withPeer(router);
    const applied = router.plans.length;
    const other = place('n2', '10.0.0.2', '10.244.2.0/24');
    const { conditions } = other['status'] as { readonly conditions: readonly object[] };
    const status = { ...(other['status'] as object), conditions: [...conditions, { type: 'Ready', status: 'False' }] };
    node.assign({ ...other, status }, at('n2'));
    await node.run(100);
    expect(router.plans.length).toBe(applied);
  });
  it('says which path could not be made, and is well otherwise', async () => {
    const router = new MemoryPodRouter(HOST);
    router.failures = [{ node: 'n2', why: 'ip says: Error: Nexthop has invalid gateway.' }];
    const node = await withPeer(router, 5000);
    expect(node.said('n1', 'PodNetworkFailed')).toContain(
      'pods of node n2 are not reached: ip says: Error: Nexthop has invalid gateway.',
    );
    expect(condition(node, 'NetworkUnavailable')?.status).toBe('False');
  });
  it('is not there where none of several paths can be made', async () => {
    const router = new MemoryPodRouter(HOST);
    const why = 'ip says: Error: Nexthop has invalid gateway.';
    router.failures = ['n2', 'n4'].map((name) => ({ node: name, why }));
    const node = nodeWith(router);
    node.assign(place('n2', '10.0.0.2', '10.244.2.0/24'), at('n2'), true);
    node.assign(place('n4', '10.0.0.4', '10.244.4.0/24'), at('n4'), true);
    await node.start();
    await node.run(5000);
    expect(condition(node, 'NetworkUnavailable')).toMatchObject({ status: 'True', reason: 'PodNetworkFailed' });
    router.failures = [];
    await node.run(20_000);
    expect(condition(node, 'NetworkUnavailable')?.status).toBe('False');
  });
  it.each([
    ['refuses', (router: MemoryPodRouter) => void (router.refusal = 'ip is not installed')],
    ['cannot read the host', (router: MemoryPodRouter) => void (router.unreadable = 'ip is not installed')],
  ])('is a condition too when it could never be made: the router %s', async (_how, prepare) => {
    const router = new MemoryPodRouter(HOST);
    prepare(router);
    const node = await withPeer(router, 5000);
    const message = 'pods of other nodes are not reached: ip is not installed';
    expect(condition(node, 'NetworkUnavailable')).toMatchObject({
      status: 'True',
      reason: 'PodNetworkFailed',
      message,
    });
    expect(node.said('n1', 'PodNetworkFailed')).toContain(message);
  });
  it('that cannot be made is no condition of a node whose others are on the same machine', async () => {
    const router = new MemoryPodRouter(HOST);
    router.refusal = 'ip is not installed';
    const node = nodeWith(router);
    node.assign(place('n1', '10.0.0.1', '10.244.3.0/24'), at('n1'), true);
    node.assign(place('n2', '10.0.0.1', '10.244.2.0/24'), at('n2'), true);
    await node.start();
    await node.run(5000);
    expect(condition(node, 'NetworkUnavailable')?.status).toBe('False');
  });
  it('is a condition of the node: by which ways others are reached, or that they are not', async () => {
    const router = new MemoryPodRouter(HOST);
    const node = nodeWith(router, 'vxlan');
    await node.start();
    await node.run(1000);
    expect(condition(node, 'NetworkUnavailable')).toMatchObject({
      status: 'False',
      reason: 'PodVxlan',
      message: 'pods of other nodes are reached by VXLAN',
    });
    router.refusal = 'ip may not be used here';
    node.assign(place('n2', '10.0.0.2', '10.244.2.0/24'), at('n2'));
    await node.run(5000);
    expect(condition(node, 'NetworkUnavailable')).toMatchObject({ status: 'True', reason: 'PodVxlan' });
    expect(node.said('n1', 'PodNetworkFailed')).toContain(
      'pods of other nodes are not reached: ip may not be used here',
    );
    router.refusal = undefined;
    await node.run(60_000);
    expect(condition(node, 'NetworkUnavailable')?.status).toBe('False');
  });
  it('that the host itself is on is refused, with one sentence', async () => {
    const routes = [...HOST.routes, { cidr: '10.244.128.0/17', device: 'eth1', isIndirect: false }];
    const node = nodeWith(new MemoryPodRouter({ ...HOST, routes }));
    await node.start();
    await node.run(5000);
    expect(condition(node, 'Ready')).toMatchObject({
      status: 'False',
      message:
        '10.244.0.0/16, the network of pods (SHIPLOG_POD_CIDR), overlaps 10.244.128.0/17, which this host has on eth1: start the cluster with another one',
    });
  });
  it('says that Services hide a network of the host, and is well otherwise', async () => {
    const routes = [...HOST.routes, { cidr: '10.96.7.0/24', device: 'eth1', isIndirect: false }];
    const node = await withPeer(new MemoryPodRouter({ ...HOST, routes }), 5000);
    expect(node.said('n1', 'ServiceNetworkConflict')).toContain(
      '10.96.0.0/16, where Services have their addresses, overlaps 10.96.7.0/24, which this host has on eth1: machines there are not reached at addresses that Services have. Give the host another network',
    );
    expect(condition(node, 'NetworkUnavailable')?.status).toBe('False');
  });
});
