import { describe, expect, test } from '@jest/globals';
import { endpointSlices, nodes, pods, services, type EndpointSlice, type Node, type Service } from '#kinds';
import { type Pod } from '#pod';
import { toTime } from '#std';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { endpointSlice } from './index.js';
import fc from 'fast-check';

interface PodParts {
  readonly node?: string;
  readonly ready?: boolean;
  readonly port?: number;
  readonly labels?: Readonly<Record<string, string>>;
}
function clusterOf(): TestCluster {
  const cluster = new TestCluster([endpointSlice]);
  cluster.put<Node>({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-a', labels: { 'topology.kubernetes.io/zone': 'z1' } },
    spec: {},
  });
  return cluster;
}
function makeService(
  cluster: TestCluster,
  spec: Partial<Service['spec']> = {},
  labels?: Readonly<Record<string, string>>,
): Service {
  return cluster.put<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default', ...(labels && { labels }) },
    spec: {
      selector: { app: 'x' },
      clusterIP: '10.96.1.1',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
      ...spec,
    },
  });
}
function makePod(
  cluster: TestCluster,
  name: string,
  address: number,
  { ready = true, port = 8080, labels = { app: 'x' }, node = 'node-a' }: PodParts = {},
): Pod {
  return cluster.put<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { nodeName: node, containers: [{ name: 'a', ports: [{ name: 'http', containerPort: port }] }] },
    status: {
      phase: 'Running',
      podIP: ip(address),
      podIPs: [{ ip: ip(address) }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: toTime(NOW) }],
    },
  });
}
const ip = (n: number) => `10.244.${Math.floor(n / 250)}.${n % 250}`;
const slicesIn = (cluster: TestCluster): readonly EndpointSlice[] => cluster.view.list(endpointSlices, 'default');
const addresses = (slice: EndpointSlice | undefined) =>
  (slice?.endpoints ?? []).map((endpoint) => endpoint.addresses?.[0]);

describe('the slices of a service', () => {
  test('say it when there are no pods', () => {
    const cluster = clusterOf();
    const service = makeService(cluster, {}, { tier: 'back' });
    cluster.settle();
    const [slice, ...others] = slicesIn(cluster);
    expect(others).toEqual([]);
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      endpoints: null,
      ports: null,
      metadata: {
        generateName: 's-',
        labels: {
          tier: 'back',
          'kubernetes.io/service-name': 's',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': toTime(NOW) },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'Service',
            name: 's',
            uid: service.metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
    });
  });

  test('are one of each family that the service has, with the addresses of pods in it', () => {
    const cluster = clusterOf();
    const service = makeService(cluster, { ipFamilies: ['IPv4', 'IPv6'], clusterIPs: ['10.96.1.1', 'fd00:96::1'] });
    const pod = makePod(cluster, 'p', 5);
    cluster.put<Pod>({ ...pod, status: { ...pod.status, podIPs: [{ ip: ip(5) }, { ip: 'fd00:10::5' }] } } as Pod);
    makePod(cluster, 'q', 6);
    cluster.settle();
    const shown = () =>
      Object.fromEntries(slicesIn(cluster).map((slice) => [slice.addressType, addresses(slice).sort()]));
    expect(shown()).toEqual({ IPv4: [ip(5), ip(6)], IPv6: ['fd00:10::5'] });
    cluster.put<Service>({ ...service, spec: { ...service.spec, ipFamilies: ['IPv6'] } });
    cluster.settle();
    expect(shown()).toEqual({ IPv6: ['fd00:10::5'] });
  });

  test('hold pods with ports, conditions, node, zone and reference, and keep their name', () => {
    const cluster = clusterOf();
    makeService(cluster);
    cluster.settle();
    const empty = slicesIn(cluster)[0]?.metadata.name;
    const pod = makePod(cluster, 'p', 5);
    cluster.settle();
    expect(slicesIn(cluster)).toHaveLength(1);
    expect(slicesIn(cluster)[0]).toMatchObject({
      metadata: { name: empty },
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: [
        {
          addresses: ['10.244.0.5'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'node-a',
          zone: 'z1',
          targetRef: { kind: 'Pod', namespace: 'default', name: 'p', uid: pod.metadata.uid },
        },
      ],
    });
    cluster.delete(pod);
    cluster.settle();
    expect(slicesIn(cluster)[0]?.endpoints?.[0]?.conditions).toEqual({
      ready: false,
      serving: true,
      terminating: true,
    });
    cluster.gone(pod);
    cluster.settle();
    expect(slicesIn(cluster)).toMatchObject([{ metadata: { name: empty } }]);
    expect(slicesIn(cluster).flatMap(addresses)).toEqual([]);
  });

  test('part by the number behind a named port', () => {
    const cluster = clusterOf();
    makeService(cluster);
    makePod(cluster, 'p', 1);
    makePod(cluster, 'q', 2, { port: 9090 });
    cluster.settle();
    expect(
      slicesIn(cluster)
        .map((slice) => [slice.ports?.[0]?.port, addresses(slice)])
        .sort(),
    ).toEqual([
      [8080, ['10.244.0.1']],
      [9090, ['10.244.0.2']],
    ]);
  });

  test('publish what is not ready when asked to', () => {
    const cluster = clusterOf();
    makeService(cluster, { publishNotReadyAddresses: true, clusterIP: 'None' });
    makePod(cluster, 'p', 1, { ready: false });
    cluster.settle();
    expect(slicesIn(cluster)[0]?.endpoints?.[0]?.conditions).toEqual({
      ready: true,
      serving: false,
      terminating: false,
    });
    expect(slicesIn(cluster)[0]?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '');
  });

  test('leave out ended pods, those without an address, and those of missing nodes', () => {
    const cluster = clusterOf();
    makeService(cluster);
    makePod(cluster, 'lost', 1, { node: 'missing' });
    makePod(cluster, 'ended', 2);
    cluster.edit(pods, 'default', 'ended', { status: { phase: 'Succeeded' } });
    makePod(cluster, 'new', 3);
    cluster.edit(pods, 'default', 'new', { status: { podIP: null, podIPs: null } });
    cluster.settle();
    expect(slicesIn(cluster).flatMap(addresses)).toEqual([]);
  });

  test('are none for a service without a selector or with an external name, and are mended when edited', () => {
    const cluster = clusterOf();
    cluster.put<Service>({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'm', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    });
    cluster.put<Service>({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'ext', namespace: 'default' },
      spec: { type: 'ExternalName', externalName: 'example.com', selector: { app: 'x' } },
    });
    cluster.settle();
    expect(slicesIn(cluster)).toEqual([]);
    makeService(cluster);
    makePod(cluster, 'p', 1);
    cluster.settle();
    cluster.edit(endpointSlices, 'default', slicesIn(cluster)[0]?.metadata.name ?? '', { endpoints: [] });
    cluster.settle();
    expect(slicesIn(cluster).flatMap(addresses)).toEqual(['10.244.0.1']);
  });

  test('show hints when short ways are wanted', () => {
    const cluster = clusterOf();
    makeService(cluster, { trafficDistribution: 'PreferClose' });
    makePod(cluster, 'p', 1);
    cluster.settle();
    expect(slicesIn(cluster)[0]?.endpoints?.[0]?.hints).toEqual({ forZones: [{ name: 'z1' }] });
    cluster.edit(nodes, undefined, 'node-a', { metadata: { labels: { 'topology.kubernetes.io/zone': 'z2' } } });
    cluster.settle();
    expect(slicesIn(cluster)[0]?.endpoints?.[0]?.hints).toEqual({ forZones: [{ name: 'z2' }] });
  });

  test('always hold exactly the pods, at most 100 each, and an endpoint stays in its slice', () => {
    const step = fc.record({ add: fc.integer({ min: 0, max: 130 }), drop: fc.integer({ min: 0, max: 130 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
        const cluster = clusterOf();
        makeService(cluster);
        let made = 0;
        for (const { add, drop } of steps) {
          const homes = new Map(
            slicesIn(cluster).flatMap((slice) =>
              addresses(slice).map((address) => [address, slice.metadata.name] as const),
            ),
          );
          for (let i = 0; i < add; i++) makePod(cluster, `p${made}`, made++);
          for (const pod of cluster.view.list(pods, 'default').slice(0, drop)) cluster.gone(pod);
          cluster.settle();
          const slices = slicesIn(cluster);
          const held = slices.flatMap(addresses);
          expect([...held].sort()).toEqual(
            cluster.view
              .list(pods, 'default')
              .map((pod) => pod.status?.podIP)
              .sort(),
          );
          expect(Math.max(...slices.map((slice) => addresses(slice).length))).toBeLessThanOrEqual(100);
          for (const slice of slices)
            for (const address of addresses(slice))
              expect(homes.get(address) ?? slice.metadata.name).toBe(slice.metadata.name);
          expect(slices.length).toBeLessThanOrEqual(Math.max(1, homes.size, Math.ceil(held.length / 100) + 3));
        }
        expect(cluster.view.get(services, 'default', 's')).toBeDefined();
      }),
      { numRuns: 15 },
    );
  });
});
