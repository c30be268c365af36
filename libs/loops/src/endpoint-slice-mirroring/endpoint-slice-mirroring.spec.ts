import { describe, expect, test } from '@jest/globals';
import { endpointSlices, endpointsRef, services, type Endpoints, type EndpointSlice, type Service } from '#kinds';
import { TestCluster } from '../shared/testing/index.js';
import { endpointSliceMirroring } from './index.js';

function makeService(cluster: TestCluster, spec: Partial<Service['spec']> = {}): Service {
  return cluster.put<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'm', namespace: 'default' },
    spec: { ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  });
}
function makeEndpoints(
  cluster: TestCluster,
  ips: readonly string[],
  metadata: Partial<Endpoints['metadata']> = {},
): Endpoints {
  return cluster.put<Endpoints>({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'm', namespace: 'default', ...metadata },
    subsets: [
      {
        addresses: ips.map((ip) => ({ ip })),
        notReadyAddresses: [{ ip: '10.1.9.9' }],
        ports: [{ port: 80, protocol: 'TCP' }],
      },
    ],
  });
}
const slicesIn = (cluster: TestCluster): readonly EndpointSlice[] => cluster.view.list(endpointSlices, 'default');

describe('Endpoints that people write', () => {
  test('are shown as slices with their labels and annotations', () => {
    const cluster = new TestCluster([endpointSliceMirroring]);
    makeService(cluster);
    const made = makeEndpoints(cluster, ['10.1.2.3'], { labels: { x: 'y' }, annotations: { note: 'z' } });
    cluster.settle();
    expect(slicesIn(cluster)).toMatchObject([
      {
        addressType: 'IPv4',
        metadata: {
          generateName: 'm-',
          labels: {
            x: 'y',
            'kubernetes.io/service-name': 'm',
            'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
          },
          annotations: { note: 'z' },
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'Endpoints',
              name: 'm',
              uid: made.metadata.uid,
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        endpoints: [
          { addresses: ['10.1.2.3'], conditions: { ready: true } },
          { addresses: ['10.1.9.9'], conditions: { ready: false } },
        ],
        ports: [{ name: '', port: 80, protocol: 'TCP' }],
      },
    ]);
  });

  test('of both families become a slice each, and follow', () => {
    const cluster = new TestCluster([endpointSliceMirroring]);
    makeService(cluster);
    makeEndpoints(cluster, ['fd00::1', '10.1.2.3']);
    cluster.settle();
    expect(
      slicesIn(cluster)
        .map(({ addressType }) => addressType)
        .sort(),
    ).toEqual(['IPv4', 'IPv6']);
    const names = slicesIn(cluster).map(({ metadata }) => metadata.name);
    cluster.edit(endpointsRef, 'default', 'm', { subsets: [{ addresses: [{ ip: '10.1.2.4' }] }] });
    cluster.settle();
    expect(slicesIn(cluster)).toMatchObject([{ addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.4'] }] }]);
    expect(slicesIn(cluster)[0]?.ports).toBeNull();
    expect(names).toContain(slicesIn(cluster)[0]?.metadata.name);
  });

  test.each([
    ['the label', { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }],
    ['an election', { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }],
  ])('are left alone because of %s', (_, metadata) => {
    const cluster = new TestCluster([endpointSliceMirroring]);
    makeService(cluster);
    makeEndpoints(cluster, ['10.1.2.3'], metadata);
    cluster.settle();
    expect(slicesIn(cluster)).toEqual([]);
  });

  test('wait for their service, and stop being shown when it chooses pods itself', () => {
    const cluster = new TestCluster([endpointSliceMirroring]);
    const made = makeEndpoints(cluster, ['10.1.2.3']);
    cluster.settle();
    expect(slicesIn(cluster)).toEqual([]);
    makeService(cluster, { type: 'ExternalName', externalName: 'example.com' });
    cluster.settle();
    expect(slicesIn(cluster)).toHaveLength(1);
    cluster.edit(services, 'default', 'm', { spec: { selector: { app: 'x' } } });
    cluster.settle();
    expect(slicesIn(cluster)).toEqual([]);
    cluster.edit(services, 'default', 'm', { spec: { selector: null } });
    cluster.settle();
    expect(slicesIn(cluster)).toHaveLength(1);
    cluster.gone(made);
    cluster.settle();
    expect(slicesIn(cluster)).toEqual([]);
  });
});
