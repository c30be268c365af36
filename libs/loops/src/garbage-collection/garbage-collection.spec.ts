import { describe, expect, test } from '@jest/globals';
import {
  configMaps,
  csiNodes,
  events,
  nodes,
  pods,
  type ConfigMap,
  type CoreEvent,
  type CsiNode,
  type Node,
} from '#kinds';
import type { KindRegistry, KubeObject, OwnerReference } from '#model';
import { FENCE_AFTER, type Pod } from '#pod';
import { toTime } from '#std';
import { deployment } from '../deployment/index.js';
import { taintEviction } from '../node-lifecycle/index.js';
import { replicaSet } from '../replica-set/index.js';
import {
  allReady,
  deploymentIn,
  makeDeployment,
  NOW,
  podsIn,
  setIn,
  setsIn,
  TestCluster,
} from '../shared/testing/index.js';
import { eventGarbageCollection, garbageCollection, podGarbageCollection } from './index.js';

const HOUR = 3_600_000;

const KNOWN: readonly [string, string, string, boolean][] = [
  ['v1', 'ConfigMap', 'core.configmaps', true],
  ['v1', 'Secret', 'core.secrets', true],
  ['v1', 'Pod', 'core.pods', true],
  ['v1', 'Node', 'core.nodes', false],
  ['storage.k8s.io/v1', 'CSINode', 'storage.k8s.io.csinodes', false],
  ['apps/v1', 'ReplicaSet', 'apps.replicasets', true],
  ['apps/v1', 'Deployment', 'apps.deployments', true],
];
const all = KNOWN.map(([apiVersion, kind, id, namespaced]) => ({
  apiVersion,
  id,
  ref: { id },
  names: { kind, namespaced },
}));
const registry: KindRegistry = {
  all,
  byKind: (group: string, version: string, kind: string) =>
    all.find((one) => one.apiVersion === (group ? `${group}/${version}` : version) && one.names.kind === kind),
  at: () => registry,
} as unknown as KindRegistry;

const clusterOf = () => new TestCluster([garbageCollection(registry)]);
type Owners = readonly Partial<OwnerReference>[];
function put(
  cluster: TestCluster,
  name: string,
  owners: Owners = [],
  finalizers?: readonly string[],
  namespace = 'default',
): ConfigMap {
  const ownerReferences = owners.map((owner) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'none',
    uid: 'none',
    ...owner,
  }));
  return cluster.put<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(owners.length > 0 && { ownerReferences }), ...(finalizers && { finalizers }) },
  });
}
const of = (owner: KubeObject, parts: Partial<OwnerReference> = {}) => ({
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  ...parts,
});
const find = (cluster: TestCluster, name: string) => cluster.view.get(configMaps, 'default', name);
const ownersIn = (cluster: TestCluster, name: string) =>
  find(cluster, name)?.metadata.ownerReferences?.map((owner) => owner.name);

describe('what has lost its owners', () => {
  test('goes; what still has one loses the reference only', () => {
    const cluster = clusterOf();
    const stay = put(cluster, 'stay');
    put(cluster, 'dangling', [{ name: 'gone', uid: '1' }]);
    put(cluster, 'wrong-uid', [{ name: 'stay', uid: '2' }]);
    put(cluster, 'wrong-kind', [of(stay, { kind: 'Secret' })]);
    put(cluster, 'two', [{ name: 'gone', uid: '1' }, of(stay)]);
    cluster.settle();
    expect(['dangling', 'wrong-uid', 'wrong-kind'].map((name) => find(cluster, name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(ownersIn(cluster, 'two')).toEqual(['stay']);
  });

  test('stays for ever when the kind of an owner is unknown, its version not served, or its scope impossible', () => {
    const cluster = clusterOf();
    const stay = put(cluster, 'stay');
    put(cluster, 'unknown', [of(stay, { apiVersion: 'example.com/v1', kind: 'Nothing' })]);
    put(cluster, 'unserved', [of(stay, { apiVersion: 'v1beta1' })]);
    cluster.put<Node>({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '1' }] },
      spec: {},
    });
    cluster.settle();
    expect(find(cluster, 'unknown')).toBeDefined();
    expect(find(cluster, 'unserved')).toBeDefined();
    expect(cluster.view.get(nodes, undefined, 'n')).toBeDefined();
  });

  test('goes with a warning when the owner lives in another namespace', () => {
    const cluster = clusterOf();
    const owner = put(cluster, 'owner', [], undefined, 'other');
    put(cluster, 'across', [of(owner)]);
    cluster.settle();
    expect(find(cluster, 'across')).toBeUndefined();
    const [event] = cluster.view.list<ConfigMap>({ id: 'core.events' }, 'default');
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "default"`,
      reportingComponent: 'garbage-collector-controller',
    });
  });

  test('goes with its node, though neither is in a namespace', () => {
    const cluster = clusterOf();
    const node = cluster.put<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} });
    const { name, uid } = node.metadata;
    cluster.put<CsiNode>({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: { drivers: [] },
    });
    cluster.settle();
    expect(cluster.view.get(csiNodes, undefined, name)).toBeDefined();
    cluster.delete(node);
    cluster.settle();
    expect(cluster.view.get(csiNodes, undefined, name)).toBeUndefined();
  });

  test('goes once the second of two owners is deleted', () => {
    const cluster = clusterOf();
    const [both, other] = [put(cluster, 'both'), put(cluster, 'other')];
    put(cluster, 't', [of(both), of(other)]);
    cluster.settle();
    cluster.delete(both);
    cluster.settle();
    expect(ownersIn(cluster, 't')).toEqual(['other']);
    cluster.delete(other);
    cluster.settle();
    expect(find(cluster, 't')).toBeUndefined();
  });
});

describe('a deletion in the foreground', () => {
  test('deletes all dependents and waits for those that block it', () => {
    const cluster = clusterOf();
    const [front, stay] = [put(cluster, 'front'), put(cluster, 'stay')];
    put(cluster, 'f1', [of(front, { blockOwnerDeletion: true })], ['example.com/x']);
    put(cluster, 'f2', [of(front, { blockOwnerDeletion: false })], ['example.com/x']);
    put(cluster, 'f3', [of(front, { blockOwnerDeletion: true }), of(stay)]);
    cluster.settle();
    cluster.delete(front, 'Foreground');
    cluster.settle();
    expect(find(cluster, 'front')?.metadata.finalizers).toEqual(['foregroundDeletion']);
    expect(find(cluster, 'f1')?.metadata.deletionTimestamp).toBeDefined();
    expect(find(cluster, 'f2')?.metadata.deletionTimestamp).toBeDefined();
    expect(ownersIn(cluster, 'f3')).toEqual(['stay']);
    cluster.edit(configMaps, 'default', 'f1', { metadata: { finalizers: null } });
    cluster.settle();
    expect(find(cluster, 'front')).toBeUndefined();
    expect(find(cluster, 'f2')?.metadata.deletionTimestamp).toBeDefined();
  });

  test('does not wait for ever when two own each other', () => {
    const cluster = clusterOf();
    const a = put(cluster, 'a', [{ name: 'b', uid: 'b-uid', blockOwnerDeletion: true }]);
    cluster.put<ConfigMap>({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'b',
        namespace: 'default',
        uid: 'b-uid',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: a.metadata.uid, blockOwnerDeletion: true },
        ],
      },
    });
    cluster.settle();
    expect(find(cluster, 'a')).toBeDefined();
    cluster.delete(a, 'Foreground');
    cluster.settle();
    expect([find(cluster, 'a'), find(cluster, 'b')]).toEqual([undefined, undefined]);
  });
});

describe('a deletion that leaves orphans', () => {
  test('takes the references first', () => {
    const cluster = clusterOf();
    const [owner, stay] = [put(cluster, 'owner'), put(cluster, 'stay')];
    put(cluster, 'o1', [of(owner, { controller: true })]);
    put(cluster, 'o2', [of(owner), of(stay)]);
    cluster.settle();
    cluster.delete(owner, 'Orphan');
    cluster.settle();
    expect(find(cluster, 'owner')).toBeUndefined();
    expect(find(cluster, 'o1')?.metadata.ownerReferences).toBeUndefined();
    expect(ownersIn(cluster, 'o2')).toEqual(['stay']);
  });
});

describe('a deployment with its set and pods', () => {
  const running = (): TestCluster => {
    const cluster = new TestCluster([garbageCollection(registry), deployment, replicaSet]);
    makeDeployment(cluster, { replicas: 1 });
    allReady(cluster.settle());
    return cluster;
  };
  test('goes in the background', () => {
    const cluster = running();
    cluster.delete(deploymentIn(cluster));
    cluster.settle();
    expect(setsIn(cluster)).toEqual([]);
    expect(podsIn(cluster).every((pod) => pod.metadata.deletionTimestamp !== undefined)).toBe(true);
  });
  test('goes in the foreground from the pods up', () => {
    const cluster = running();
    cluster.delete(deploymentIn(cluster), 'Foreground');
    cluster.settle();
    expect(setIn(cluster, '1').metadata.finalizers).toEqual(['foregroundDeletion']);
    expect(podsIn(cluster)).toHaveLength(1);
    for (const pod of podsIn(cluster)) cluster.gone(pod);
    cluster.settle();
    expect([...setsIn(cluster), ...podsIn(cluster)]).toEqual([]);
    expect(() => deploymentIn(cluster)).toThrow();
  });
  test('leaves its set behind as an orphan', () => {
    const cluster = running();
    cluster.delete(deploymentIn(cluster), 'Orphan');
    cluster.settle();
    expect(setIn(cluster, '1').metadata.ownerReferences).toBeUndefined();
    expect(podsIn(cluster)).toHaveLength(1);
  });
});

describe('events', () => {
  test('go when they have not happened for seven days', () => {
    const cluster = new TestCluster([eventGarbageCollection]);
    const row = (name: string, last: number) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: 'default' },
      involvedObject: {},
      lastTimestamp: toTime(last),
      source: {},
    });
    cluster.put<CoreEvent>(row('old', cluster.now));
    cluster.put<CoreEvent>(row('repeated', cluster.now + 3 * 24 * HOUR));
    cluster.settle();
    for (let hour = 0; hour < 7 * 24; hour++) cluster.pass(HOUR);
    expect(cluster.view.list(events).map((event) => event.metadata.name)).toEqual(['repeated']);
  });
});

describe('pods of a node that is out of service', () => {
  const node = (readiness: string, isOut: boolean) => ({
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } },
    spec: isOut
      ? { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] }
      : {},
    status: { conditions: [{ type: 'Ready', status: readiness }] },
  });
  const play = (readiness: string, isOut: boolean): TestCluster => {
    const cluster = new TestCluster([podGarbageCollection, taintEviction]);
    cluster.put<Node>(node(readiness, isOut));
    for (const tolerations of [[], [{ operator: 'Exists' }]] as const)
      cluster.put<Pod>({
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${tolerations.length}`, namespace: 'default' } },
        spec: { nodeName: 'n', tolerations, containers: [{ name: 'a' }] },
        status: { phase: 'Running' },
      });
    return cluster.settle();
  };
  const there = (cluster: TestCluster): readonly string[] =>
    cluster.view.list(pods).map(({ metadata }) => `${metadata.name}${metadata.deletionTimestamp ? ' going' : ''}`);
  test('are gone at once, but for those that tolerate the taint', () => {
    expect(there(play('Unknown', true))).toEqual(['p1']);
  });
  test('are ended by their node when that is ready all the same', () => {
    expect(there(play('True', true))).toEqual(['p0 going', 'p1']);
  });
  test('go when the taint comes after they were told to', () => {
    const cluster = play('Unknown', false);
    const going = { deletionTimestamp: toTime(NOW), deletionGracePeriodSeconds: 30 };
    cluster.put<Pod>({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p2', namespace: 'default', ...going } },
      spec: { nodeName: 'n', tolerations: [{ operator: 'Exists' }], containers: [{ name: 'a' }] },
      status: { phase: 'Running' },
    });
    expect(there(cluster.settle())).toEqual(['p0', 'p1', 'p2 going']);
    cluster.edit(nodes, undefined, 'n', { spec: node('Unknown', true).spec });
    expect(there(cluster.settle())).toEqual(['p1']);
  });
});

describe('pods of a node that is no more', () => {
  const pod = (name: string, node: string, finalizers?: readonly string[]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...(finalizers && { finalizers }) },
    spec: { containers: [], nodeName: node },
    status: { phase: 'Running' },
  });
  test('ends a pod whose immediate deletion was begun and never carried out', () => {
    const marked = { deletionTimestamp: toTime(NOW), deletionGracePeriodSeconds: 0 };
    const cluster = new TestCluster([podGarbageCollection]);
    const { metadata, ...rest } = pod('p', '');
    cluster.put<Pod>({ ...rest, metadata: { ...metadata, ...marked } });
    cluster.put<Pod>({ ...rest, metadata: { ...metadata, ...marked, name: 'kept', finalizers: ['example.com/x'] } });
    cluster.settle().pass(4_000);
    expect(cluster.view.get(pods, 'default', 'p')).toBeDefined();
    cluster.pass(2_000);
    expect(cluster.view.get(pods, 'default', 'p')).toBeUndefined();
    expect(cluster.view.get(pods, 'default', 'kept')).toBeDefined();
  });
  test('go when their node has stopped them, where that takes it longer', () => {
    const cluster = new TestCluster([podGarbageCollection]);
    const made = cluster.put<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} });
    const { metadata, spec, ...rest } = pod('db', 'n');
    const annotations = { [FENCE_AFTER]: '60s' };
    const fenced = { ...spec, terminationGracePeriodSeconds: 20 };
    cluster.put<Pod>({ ...rest, metadata: { ...metadata, annotations }, spec: fenced });
    cluster.put<Pod>({ ...rest, metadata: { ...metadata, name: 'soon', annotations: { [FENCE_AFTER]: '5s' } }, spec });
    cluster.settle();
    cluster.gone(made);
    cluster.settle().pass(50_000);
    expect(cluster.view.get(pods, 'default', 'soon')).toBeUndefined();
    cluster.pass(34_000);
    expect(cluster.view.get(pods, 'default', 'db')?.status?.phase).toBe('Running');
    cluster.pass(2_000);
    expect(cluster.view.get(pods, 'default', 'db')).toBeUndefined();
  });
  test('fail and go after 40 seconds, unless the node comes back', () => {
    const cluster = new TestCluster([podGarbageCollection]);
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} };
    const made = cluster.put<Node>(node);
    cluster.put<Pod>(pod('p', 'n', ['example.com/x']));
    cluster.put<Pod>(pod('q', 'never'));
    cluster.settle().pass(100_000);
    expect(cluster.view.get(pods, 'default', 'q')).toBeUndefined();
    expect(cluster.view.get(pods, 'default', 'p')?.status?.phase).toBe('Running');
    cluster.gone(made);
    cluster.settle().pass(39_000);
    expect(cluster.view.get(pods, 'default', 'p')?.metadata.deletionTimestamp).toBeUndefined();
    cluster.put<Node>(node);
    cluster.pass(60_000);
    expect(cluster.view.get(pods, 'default', 'p')?.metadata.deletionTimestamp).toBeUndefined();
    const again = cluster.view.get(nodes, undefined, 'n');
    if (again) cluster.gone(again);
    cluster.settle().pass(40_000);
    const ended = cluster.view.get(pods, 'default', 'p');
    expect(ended?.metadata.deletionTimestamp).toBeDefined();
    expect(ended?.status).toMatchObject({
      phase: 'Failed',
      conditions: [
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: 'PodGC: node no longer exists',
        },
      ],
    });
  });
});
