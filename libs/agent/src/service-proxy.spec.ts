import { describe, expect, it } from '@jest/globals';
import { MemoryDataplane, MemoryServiceHealth } from '#adapters';
import { TestNode } from './test-node.js';

const service = (name: string, clusterIP: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
  spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80 }] },
});
const slice = (of: string, ...addresses: readonly string[]): Record<string, unknown> => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: `${of}-1`,
    namespace: 'default',
    uid: `uid-${of}-1`,
    labels: { 'kubernetes.io/service-name': of },
  },
  addressType: 'IPv4',
  endpoints: addresses.map((address) => ({ addresses: [address] })),
  ports: [{ name: '', port: 8080 }],
});

function nodeWith(dataplane: MemoryDataplane, redirect?: string, ...others: readonly MemoryDataplane[]): TestNode {
  const from = { address: '192.0.2.2', port: 8080 };
  const to = { address: redirect ?? '', port: 6443 };
  return new TestNode({}, undefined, {
    dataplanes: [dataplane, ...others],
    ...(redirect !== undefined && { redirect: () => ({ from, to }) }),
  });
}
const ledTo = (dataplane: MemoryDataplane): Record<string, readonly string[]> =>
  Object.fromEntries([...dataplane.frontends].map(([key, one]) => [key, one.backends.map((b) => b.address)]));

describe("a node's services", () => {
  it('lead where the control plane says: all at first, then what changes', async () => {
    const dataplane = new MemoryDataplane();
    const node = nodeWith(dataplane);
    node.assign(service('web', '10.96.0.7'), undefined, true);
    node.assign(slice('web', '10.244.3.2'), undefined, true);
    await node.start();
    expect(dataplane.place).toMatchObject({ cluster: 'c1', node: 'n1' });
    expect(ledTo(dataplane)).toEqual({ '10.96.0.7/TCP/80': ['10.244.3.2'] });
    node.assign(slice('web', '10.244.3.2', '10.244.3.3'));
    node.assign(service('other', '10.96.0.8'));
    await node.run(100);
    expect(ledTo(dataplane)).toEqual({
      '10.96.0.7/TCP/80': ['10.244.3.2', '10.244.3.3'],
      '10.96.0.8/TCP/80': [],
    });
    node.delete(service('web', '10.96.0.7'));
    await node.run(100);
    expect(ledTo(dataplane)).toEqual({ '10.96.0.8/TCP/80': [] });
    expect(dataplane.calls.slice(0, 2)).toEqual(['open', 'replace']);
    expect(dataplane.calls.filter((call) => call === 'replace')).toHaveLength(1);
    await node.agent.stop();
  });
  it('are kept as they were while the agent is away, and come back whole with it', async () => {
    const dataplane = new MemoryDataplane();
    const node = nodeWith(dataplane);
    node.assign(service('web', '10.96.0.7'), undefined, true);
    await node.start();
    await node.agent.stop();
    node.assign(slice('web', '10.244.3.2'), undefined, true);
    expect(ledTo(dataplane)).toEqual({ '10.96.0.7/TCP/80': [] });
    await node.restartAgent();
    expect(ledTo(dataplane)).toEqual({ '10.96.0.7/TCP/80': ['10.244.3.2'] });
    await node.agent.stop();
  });
  it('that cannot be made are said to be so in an event of the node, and are made when they can', async () => {
    const dataplane = new MemoryDataplane();
    dataplane.refusal = 'nft is not installed';
    const node = nodeWith(dataplane);
    node.assign(service('web', '10.96.0.7'), undefined, true);
    await node.start();
    await node.run(5000);
    const message = 'services are not reachable on this node as they should be: nft is not installed';
    expect([...new Set(node.said('n1', 'ServiceProxyFailed'))]).toEqual([message]);
    expect(node.log).toContain(message);
    dataplane.refusal = undefined;
    await node.run(60_000);
    expect(ledTo(dataplane)).toEqual({ '10.96.0.7/TCP/80': [] });
    await node.agent.stop();
  });
  it('go another way where the first is not to be had, and the node says so', async () => {
    const [first, second] = [new MemoryDataplane(), new MemoryDataplane()];
    first.refusal = 'nft is not installed';
    const node = nodeWith(first, undefined, second);
    node.assign(service('web', '10.96.0.7'), undefined, true);
    await node.start();
    expect(ledTo(second)).toEqual({ '10.96.0.7/TCP/80': [] });
    expect([...new Set(node.said('n1', 'ServiceProxyFailed'))]).toEqual([
      'services are not reachable on this node as they should be: nft is not installed; going on with mode memory',
    ]);
    await node.agent.stop();
  });
  it('that somebody took away are made again', async () => {
    const dataplane = new MemoryDataplane();
    const node = nodeWith(dataplane);
    node.assign(service('web', '10.96.0.7'), undefined, true);
    await node.start();
    await dataplane.remove();
    await node.run(60_000);
    expect(ledTo(dataplane)).toEqual({ '10.96.0.7/TCP/80': [] });
    await node.agent.stop();
  });
  it('give the data plane occasion to take away what the last change left, when no other comes', async () => {
    const dataplane = new MemoryDataplane();
    const node = nodeWith(dataplane);
    node.assign(service('web', '10.96.0.7'), undefined, true);
    await node.start();
    node.delete(service('web', '10.96.0.7'));
    await node.run(1000);
    const changes = dataplane.calls.length;
    await node.run(60_000);
    expect(dataplane.calls.slice(changes)).toContain('apply');
    await node.agent.stop();
  });
  it('answer load balancers that ask for their endpoints here, and say no while they lead nowhere', async () => {
    const [dataplane, health] = [new MemoryDataplane(), new MemoryServiceHealth()];
    const node = new TestNode({}, undefined, { dataplanes: [dataplane], health });
    const web = service('web', '10.96.0.7');
    const asked = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_500 };
    const endpoints = { ...slice('web'), endpoints: [{ addresses: ['10.244.3.2'], nodeName: 'n1' }] };
    node.assign({ ...web, spec: { ...(web.spec as object), ...asked } }, undefined, true);
    dataplane.refusal = 'nft is not installed';
    await node.start();
    expect(health.checks).toEqual([{ port: 30_500, namespace: 'default', name: 'web', localEndpoints: 0 }]);
    expect(health.isHealthy).toBe(false);
    dataplane.refusal = undefined;
    node.assign(endpoints);
    await node.run(60_000);
    expect([health.checks.map((one) => one.localEndpoints), health.isHealthy]).toEqual([[1], true]);
    health.taken.add(30_500);
    await node.run(60_000);
    const message = 'node n1 failed to start healthcheck "default/web" on port 30500: the port is in use';
    expect(node.said('n1', 'FailedToStartServiceHealthcheck')).toContain(message);
    expect(node.log).toContain(message);
    health.taken.clear();
    await node.run(60_000);
    expect(health.checks).toHaveLength(1);
    node.assign(web);
    await node.run(100);
    expect(health.checks).toEqual([]);
    await node.agent.stop();
  });
  it("lead to this machine's loopback where the API listens there alone", async () => {
    const dataplane = new MemoryDataplane();
    const node = nodeWith(dataplane, '127.0.0.1');
    node.assign(service('kubernetes', '10.96.0.1'), undefined, true);
    node.assign(slice('kubernetes', '192.0.2.2'), undefined, true);
    await node.start();
    expect(dataplane.frontends.get('10.96.0.1/TCP/80')?.backends).toEqual([
      { address: '127.0.0.1', port: 6443, isLocal: true },
    ]);
    await node.agent.stop();
  });
});
