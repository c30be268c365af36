import { describe, expect, test } from '@jest/globals';
import {
  configMaps,
  endpointSlices,
  endpointsRef,
  namespaces,
  pods,
  secrets,
  serviceAccounts,
  services,
  type ConfigMap,
  type Namespace,
  type Secret,
  registry,
} from '#kinds';
import { type Pod } from '#pod';
import { rootCertificate, serviceAccount } from '../service-account/index.js';
import { TestCluster } from '../shared/testing/index.js';
import { bootstrap, namespace } from './index.js';

const OUTSIDE = { caCertificate: 'PEM', apiEndpoints: [{ ip: '172.17.0.1', port: 6443 }] };
const clusterOf = () => new TestCluster([bootstrap, namespace, serviceAccount, rootCertificate], OUTSIDE);
const make = (cluster: TestCluster, finalizers: readonly string[] = ['kubernetes']) =>
  cluster.put<Namespace>({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'b' },
    spec: { finalizers },
    status: { phase: 'Active' },
  });
const put = (cluster: TestCluster, name: string, finalizers?: readonly string[]) =>
  cluster.put<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'b', ...(finalizers && { finalizers }) },
  });
const conditionsOf = (cluster: TestCluster) =>
  cluster.view
    .get(namespaces, undefined, 'b')
    ?.status?.conditions?.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
function end(cluster: TestCluster): void {
  const found = cluster.view.get(namespaces, undefined, 'b');
  if (found) cluster.delete(found);
  cluster.settle();
}

const FINE = [
  'NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered',
  'NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed',
  'NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization',
];
const EMPTY = [
  ...FINE,
  'NamespaceContentRemaining=False ContentRemoved: All content successfully removed',
  'NamespaceFinalizersRemaining=False ContentHasNoFinalizers: All content-preserving finalizers finished',
];

describe('a new cluster', () => {
  test('gets its namespaces, each with account and certificate, and the service of the API', () => {
    const cluster = clusterOf().settle();
    expect(cluster.view.list(namespaces).map((found) => found.metadata.name)).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ]);
    for (const found of cluster.view.list(namespaces)) {
      expect(cluster.view.get(serviceAccounts, found.metadata.name, 'default')).toBeDefined();
      expect(cluster.view.get(configMaps, found.metadata.name, 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM' });
    }
    expect(cluster.view.get(services, 'default', 'kubernetes')?.spec).toMatchObject({
      clusterIP: '10.96.0.1',
      ports: [{ name: 'https', port: 443, targetPort: 6443 }],
    });
    expect(cluster.view.get(endpointSlices, 'default', 'kubernetes')).toMatchObject({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['172.17.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    });
    expect(cluster.view.get(endpointsRef, 'default', 'kubernetes')?.subsets).toEqual([
      { addresses: [{ ip: '172.17.0.1' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] },
    ]);
  });

  test('the service names the port where the API listens, also after it moved and after somebody edited it', () => {
    const outside = { ...OUTSIDE, apiEndpoints: [{ ip: '172.17.0.1', port: 7443 }] };
    const cluster = new TestCluster([bootstrap], outside).settle();
    const ports = () => cluster.view.get(services, 'default', 'kubernetes')?.spec.ports;
    expect(ports()).toMatchObject([{ name: 'https', port: 443, targetPort: 7443 }]);
    const other = { name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 };
    cluster.edit(services, 'default', 'kubernetes', { spec: { ports: [other, { ...other, name: 'x', port: 8 }] } });
    cluster.settle();
    expect(ports()).toMatchObject([
      { name: 'https', port: 443, targetPort: 7443 },
      { name: 'x', port: 8, targetPort: 6443 },
    ]);
  });

  test('the service has a port before it is known where the API listens', () => {
    const cluster = new TestCluster([bootstrap], {}).settle();
    const { ports } = cluster.view.get(services, 'default', 'kubernetes')?.spec ?? {};
    expect(ports).toMatchObject([{ name: 'https', port: 443, targetPort: 6443 }]);
  });

  test('mends what is deleted or edited', () => {
    const cluster = clusterOf().settle();
    const account = cluster.view.get(serviceAccounts, 'default', 'default');
    if (account) cluster.delete(account);
    cluster.edit(configMaps, 'default', 'kube-root-ca.crt', { data: { 'ca.crt': 'x', extra: 'y' } });
    cluster.settle();
    expect(cluster.view.get(serviceAccounts, 'default', 'default')).toBeDefined();
    expect(cluster.view.get(configMaps, 'default', 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM' });
  });
});

describe('a namespace that is deleted', () => {
  test('is emptied and goes', () => {
    const cluster = clusterOf().settle();
    make(cluster);
    put(cluster, 'plain');
    cluster.settle();
    end(cluster);
    expect(registry.all.flatMap(({ ref, names }) => (names.namespaced ? cluster.view.list(ref, 'b') : []))).toEqual([]);
    expect(cluster.view.get(namespaces, undefined, 'b')).toBeUndefined();
  });

  test('is emptied and goes when somebody has taken its finalizers, too', () => {
    const cluster = clusterOf().settle();
    make(cluster, []);
    put(cluster, 'plain');
    cluster.settle();
    end(cluster);
    expect(registry.all.flatMap(({ ref, names }) => (names.namespaced ? cluster.view.list(ref, 'b') : []))).toEqual([]);
    expect(cluster.view.get(namespaces, undefined, 'b')).toBeUndefined();
  });

  test('says what is left and which finalizers hold it', () => {
    const cluster = clusterOf().settle();
    make(cluster);
    put(cluster, 'plain');
    put(cluster, 'held', ['example.com/x']);
    put(cluster, 'held2', ['example.com/x', 'example.com/y']);
    cluster.put<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'b' } });
    cluster.settle();
    end(cluster);
    expect(cluster.view.list(secrets, 'b')).toEqual([]);
    expect(cluster.view.list(serviceAccounts, 'b')).toEqual([]);
    expect(conditionsOf(cluster)).toEqual([
      ...FINE,
      'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: configmaps. has 2 resource instances',
      'NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/x in 2 resource instances, example.com/y in 1 resource instances',
    ]);
    for (const name of ['held', 'held2']) cluster.edit(configMaps, 'b', name, { metadata: { finalizers: null } });
    cluster.settle();
    expect(cluster.view.get(namespaces, undefined, 'b')).toBeUndefined();
  });

  test('loses its pods before anything else', () => {
    const cluster = clusterOf().settle();
    make(cluster);
    put(cluster, 'stays');
    cluster.put<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'b', finalizers: ['example.com/x'] },
      spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] },
    });
    cluster.settle();
    end(cluster);
    expect(cluster.view.list(configMaps, 'b').map((found) => found.metadata.name)).toEqual([
      'kube-root-ca.crt',
      'stays',
    ]);
    expect(conditionsOf(cluster)).toEqual(EMPTY);
    cluster.edit(pods, 'b', 'p', { metadata: { finalizers: null } });
    cluster.settle();
    expect(cluster.view.get(namespaces, undefined, 'b')).toBeUndefined();
  });

  test('keeps a finalizer of somebody else, and says that it is empty', () => {
    const cluster = clusterOf().settle();
    make(cluster, ['example.com/ns', 'kubernetes']);
    cluster.settle();
    end(cluster);
    expect(cluster.view.get(namespaces, undefined, 'b')?.spec.finalizers).toEqual(['example.com/ns']);
    expect(conditionsOf(cluster)).toEqual(EMPTY);
  });
});
