import { describe, expect, test } from '@jest/globals';
import { endpointsRef, pods, services, type Endpoints, type Service } from '#kinds';
import { type Pod } from '#pod';
import { toTime } from '#std';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { endpoints } from './index.js';

const MANAGED = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
function makeService(cluster: TestCluster, spec: Partial<Service['spec']> = {}): Service {
  return cluster.put<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default', labels: { tier: 'back' } },
    spec: {
      selector: { app: 'x' },
      clusterIP: '10.96.1.1',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
      ...spec,
    },
  });
}
function makePod(cluster: TestCluster, name: string, ip: string, ready = true, port = 8080): Pod {
  return cluster.put<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'x' } },
    spec: { nodeName: 'node-a', containers: [{ name: 'a', ports: [{ name: 'http', containerPort: port }] }] },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: toTime(NOW + 5000) }],
    },
  });
}
const found = (cluster: TestCluster): Endpoints | undefined => cluster.view.get(endpointsRef, 'default', 's');

describe('the endpoints of a service', () => {
  test('are there without pods, with labels of the service and the time of its making', () => {
    const cluster = new TestCluster([endpoints]);
    makeService(cluster);
    cluster.settle();
    expect(found(cluster)).toMatchObject({
      metadata: {
        labels: { tier: 'back', ...MANAGED },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': toTime(NOW) },
      },
    });
    expect(found(cluster)?.subsets).toBeUndefined();
  });

  test('tell pods that are ready from others, in the order of addresses, and forget those on their way out', () => {
    const cluster = new TestCluster([endpoints]);
    makeService(cluster);
    makePod(cluster, 'p', '10.244.0.10');
    const second = makePod(cluster, 'q', '10.244.0.9');
    const other = makePod(cluster, 'r', '10.244.0.3', false);
    cluster.settle();
    expect(found(cluster)?.subsets).toMatchObject([
      {
        addresses: [
          {
            ip: '10.244.0.9',
            nodeName: 'node-a',
            targetRef: { kind: 'Pod', namespace: 'default', name: 'q', uid: second.metadata.uid },
          },
          { ip: '10.244.0.10' },
        ],
        notReadyAddresses: [{ ip: '10.244.0.3', targetRef: { uid: other.metadata.uid } }],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ]);
    cluster.delete(second);
    cluster.delete(other);
    cluster.settle();
    expect(found(cluster)?.subsets).toMatchObject([{ addresses: [{ ip: '10.244.0.10' }] }]);
  });

  test('part by the number behind a named port', () => {
    const cluster = new TestCluster([endpoints]);
    makeService(cluster);
    makePod(cluster, 'p', '10.244.0.1');
    makePod(cluster, 'q', '10.244.0.2', true, 9090);
    cluster.settle();
    expect(found(cluster)?.subsets?.map((subset) => subset.ports?.[0]?.port)).toEqual([8080, 9090]);
  });

  test('take over what was written by hand when a selector comes, but keep its annotations', () => {
    const cluster = new TestCluster([endpoints]);
    makeService(cluster);
    cluster.edit(services, 'default', 's', { spec: { selector: null } });
    cluster.put<Endpoints>({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 's', namespace: 'default', labels: { x: 'y' }, annotations: { note: 'z' } },
      subsets: [{ addresses: [{ ip: '10.1.2.3' }] }],
    });
    cluster.settle();
    expect(found(cluster)?.subsets).toHaveLength(1);
    cluster.edit(services, 'default', 's', { spec: { selector: { app: 'y' } } });
    cluster.settle();
    expect(found(cluster)?.subsets).toBeUndefined();
    expect(found(cluster)?.metadata.labels).toEqual({ tier: 'back', ...MANAGED });
    expect(found(cluster)?.metadata.annotations).toMatchObject({ note: 'z' });
  });

  test('hold at most 1000 addresses and say so', () => {
    const cluster = new TestCluster([endpoints]);
    makeService(cluster);
    for (let i = 0; i < 1003; i++) makePod(cluster, `p${i}`, `10.244.${Math.floor(i / 250)}.${i % 250}`, i !== 0);
    cluster.settle(3000);
    expect(found(cluster)?.subsets?.[0]?.addresses).toHaveLength(1000);
    expect(found(cluster)?.subsets?.[0]?.notReadyAddresses).toBeUndefined();
    expect(found(cluster)?.metadata.annotations).toMatchObject({
      'endpoints.kubernetes.io/over-capacity': 'truncated',
    });
  });

  test('go with the service and come back when deleted', () => {
    const cluster = new TestCluster([endpoints]);
    const service = makeService(cluster);
    cluster.settle();
    const first = found(cluster);
    if (first) cluster.gone(first);
    cluster.settle();
    expect(found(cluster)).toBeDefined();
    cluster.gone(service);
    cluster.settle();
    expect(found(cluster)).toBeUndefined();
    expect(cluster.view.list(pods)).toEqual([]);
  });
});
