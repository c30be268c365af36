import { describe, expect, it } from '@jest/globals';
import { MemoryPodRouter } from '#adapters';
import type { KubeObject } from '#model';
import type { NodeOptions } from './options.js';
import { TestNode, testPod } from './test-node.js';

const STREAM = 'core.nodes/_/n1';
const HOST = {
  addresses: [{ address: '10.0.0.1', bits: 24, device: 'eth0', mtu: 1500 }],
  routes: [{ cidr: '10.0.0.0/24', device: 'eth0', isIndirect: false }],
};
interface Status {
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly conditions?: readonly { readonly type: string; readonly message: string }[];
}

/** A node of a cluster with two networks of pods, beside `n2`. */
async function nodeWith(
  router: MemoryPodRouter,
  ipv6: NodeOptions['ipv6'],
  pods: { readonly cidrIpv6?: string },
): Promise<TestNode> {
  const node = new TestNode({
    podNetwork: { bridge: 'br-0123456789ab', cidr: '10.244.3.0/24', ...pods },
    ...{ clusterCidr: '10.244.0.0/16', clusterCidrIpv6: 'fd00:10::/56' },
    network: { mode: 'auto', router },
    node: ipv6 === undefined ? {} : { ipv6 },
  });
  const { object } = node.objects.get(STREAM) ?? {};
  const spec = { podCIDR: '10.244.3.0/24', podCIDRs: ['10.244.3.0/24', 'fd00:10:0:3::/64'] };
  node.assign({ ...(object as KubeObject), spec }, STREAM, true);
  const place = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n2', uid: 'node-n2' },
    spec: { podCIDR: '10.244.2.0/24', podCIDRs: ['10.244.2.0/24', 'fd00:10:0:2::/64'] },
    status: {
      addresses: ['10.0.0.2', '2001:db8::2'].map((address) => ({ type: 'InternalIP', address })),
      conditions: [{ type: 'NetworkUnavailable', status: 'False', reason: 'PodRoutes' }],
    },
  };
  node.assign(place, 'node-places/_/n2', true);
  await node.start();
  node.assign(testPod('p'));
  await node.run(31_000);
  return node;
}
const statusOf = (node: TestNode): Status => node.nodeReports.at(-1) as Status;

describe('a node of a cluster with two networks of pods', () => {
  it('gives its pods addresses of both, and has paths to those of others', async () => {
    const router = new MemoryPodRouter(HOST);
    const pods = { cidrIpv6: 'fd00:10:0:3::/64' };
    const node = await nodeWith(router, { address: '2001:db8::1', bits: 64 }, pods);
    expect(node.status('p')).toMatchObject({
      podIP: expect.stringMatching(/^10\.244\.3\./),
      podIPs: [{ ip: expect.stringMatching(/^10\.244\.3\./) }, { ip: expect.stringMatching(/^fd00:10:0:3::/) }],
      hostIPs: [{ ip: '10.0.0.1' }, { ip: '2001:db8::1' }],
    });
    expect(statusOf(node).addresses).toEqual([
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'InternalIP', address: '2001:db8::1' },
      { type: 'Hostname', address: 'n1' },
    ]);
    const path = { node: 'n2', podCidr: 'fd00:10:0:2::/64', address: '2001:db8::2', way: 'route' };
    expect(router.plans.at(-1)).toMatchObject({
      paths: [{ node: 'n2', podCidr: '10.244.2.0/24', way: 'route' }],
      ipv6: { podCidr: 'fd00:10::/56', paths: [path] },
    });
    // It goes on so from its own disk.
    node.bus.connected = false;
    await node.restartAgent();
    await node.run(31_000);
    expect(router.plans.at(-1)?.ipv6?.paths).toEqual([path]);
  });
  it('has no addresses of IPv6 where its kernel has none, says so, and goes on with IPv4', async () => {
    const router = new MemoryPodRouter(HOST);
    const node = await nodeWith(router, undefined, {});
    expect(node.status('p')).toMatchObject({ podIPs: [{ ip: expect.stringMatching(/^10\.244\.3\./) }] });
    expect(node.status('p').podIPs).toHaveLength(1);
    expect(statusOf(node).addresses).toHaveLength(2);
    const words = 'pods of this node get no addresses of IPv6, for which the cluster has a range';
    expect(node.log.filter((line) => line.includes(words))).toHaveLength(1);
    const said = statusOf(node).conditions?.find(({ type }) => type === 'NetworkUnavailable');
    expect(said?.message).toMatch(new RegExp(`^pods of other nodes are reached by routes; ${words}`));
    expect(router.plans.at(-1)).not.toHaveProperty('ipv6');
  });
});
