import { describe, expect, test } from '@jest/globals';
import { replicaSets, pods, type Deployment, type ReplicaSet } from '#kinds';
import { controllerRef } from '#meta';
import { type Pod } from '#pod';
import { toTime } from '#std';
import { NOW, TestCluster, incidentsIn, podsIn, setPhase, setReady, template } from '../shared/testing/index.js';
import { replicaSet } from './index.js';
import { cheapestFirst } from './rank.js';

function makeSet(cluster: TestCluster, spec: Partial<ReplicaSet['spec']> = {}): ReplicaSet {
  return cluster.put<ReplicaSet>({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] },
      },
      ...spec,
    },
  });
}
const clusterOf = () => new TestCluster([replicaSet]);
const statusIn = (cluster: TestCluster) => cluster.view.get(replicaSets, 'default', 'web')?.status;

describe('a replica set', () => {
  test('makes its pods, tells of each and counts them', () => {
    const cluster = clusterOf();
    makeSet(cluster);
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(3);
    expect(new Set(podsIn(cluster).map((pod) => pod.metadata.uid)).size).toBe(3);
    expect(incidentsIn(cluster, 'ReplicaSet')).toEqual(
      podsIn(cluster)
        .map((pod) => `SuccessfulCreate: Created pod: ${pod.metadata.name} (1)`)
        .sort(),
    );
    expect(statusIn(cluster)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
  });

  test('replaces a pod that failed, was deleted or lost its label', () => {
    const cluster = clusterOf();
    makeSet(cluster);
    cluster.settle();
    const [failed, deleted, relabelled] = podsIn(cluster) as [Pod, Pod, Pod];
    setPhase(cluster, failed, 'Failed');
    cluster.delete(deleted);
    cluster.edit(pods, 'default', relabelled.metadata.name, { metadata: { labels: { app: 'else' } } });
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(5);
    expect(statusIn(cluster)?.replicas).toBe(3);
    expect(cluster.view.get(pods, 'default', relabelled.metadata.name)?.metadata.ownerReferences).toBeUndefined();
  });

  test('adopts a pod that nobody controls', () => {
    const cluster = clusterOf();
    cluster.put<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'alone', namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] },
    });
    const set = makeSet(cluster);
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(3);
    expect(cluster.view.get(pods, 'default', 'alone')?.metadata.ownerReferences?.[0]?.uid).toBe(set.metadata.uid);
  });

  test('counts a terminating pod apart and an ended one not at all', () => {
    const cluster = clusterOf();
    makeSet(cluster);
    cluster.settle();
    const [first] = podsIn(cluster);
    if (!first) throw new Error('no pod');
    setReady(cluster, first);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ readyReplicas: 1, availableReplicas: 1 });
    const ready = cluster.view.get(pods, 'default', first.metadata.name);
    if (ready) cluster.delete(ready);
    cluster.settle();
    expect(statusIn(cluster)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      terminatingReplicas: 1,
      observedGeneration: 1,
    });
  });

  test('says why it cannot make pods, tries one at a time, and forgets it afterwards', () => {
    const cluster = clusterOf();
    makeSet(cluster);
    cluster.refuse = (submit) => (submit.command.kind === 'core.pods' ? 'pods "x" is forbidden: no' : undefined);
    const first = cluster.decide(replicaSet, 'default/web');
    expect(first.decisions).toHaveLength(3);
    cluster.carryOut(first);
    const second = cluster.decide(replicaSet, 'default/web');
    expect(second.decisions.filter((one) => one.is === 'submit' && one.command.kind === 'core.pods')).toHaveLength(1);
    cluster.carryOut(second);
    expect(statusIn(cluster)?.conditions).toEqual([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: 'pods "x" is forbidden: no',
        lastTransitionTime: toTime(NOW),
      },
    ]);
    expect(incidentsIn(cluster, 'ReplicaSet')).toEqual(['FailedCreate: Error creating: pods "x" is forbidden: no (1)']);
    cluster.refuse = () => undefined;
    cluster.settle();
    expect(statusIn(cluster)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
  });

  test('waits minReadySeconds before a ready pod counts as available', () => {
    const cluster = clusterOf();
    makeSet(cluster, { replicas: 1, minReadySeconds: 10 });
    cluster.settle();
    const [pod] = podsIn(cluster);
    if (pod) setReady(cluster, pod);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ readyReplicas: 1 });
    expect(statusIn(cluster)?.availableReplicas).toBeUndefined();
    expect(cluster.nextWake).toBe(NOW + 10_000);
    cluster.pass(10_000);
    expect(statusIn(cluster)?.availableReplicas).toBe(1);
  });

  test('decides the same twice, so that the second creation collides with the first', () => {
    const cluster = clusterOf();
    makeSet(cluster);
    const [one, other] = [cluster.decide(replicaSet, 'default/web'), cluster.decide(replicaSet, 'default/web')];
    expect(other.decisions).toEqual(one.decisions);
    cluster.carryOut(one);
    cluster.carryOut(other);
    expect(podsIn(cluster)).toHaveLength(3);
  });

  test('makes none instead of those that are on their way while later ones have come', () => {
    const cluster = clusterOf();
    makeSet(cluster, { replicas: 4 });
    const first = cluster.decide(replicaSet, 'default/web');
    const [early, late] = [first.decisions.slice(0, 2), first.decisions.slice(2)];
    // Who decided that dies; somebody else looks before all has come.
    cluster.carryOut({ ...first, decisions: late });
    cluster.carryOut(cluster.decide(replicaSet, 'default/web'));
    expect(podsIn(cluster)).toHaveLength(2);
    cluster.carryOut({ ...first, decisions: early });
    expect(podsIn(cluster)).toHaveLength(4);
  });
  test('makes others when those have not come after all', () => {
    const cluster = clusterOf();
    makeSet(cluster, { replicas: 4 });
    const first = cluster.decide(replicaSet, 'default/web');
    cluster.carryOut({ ...first, decisions: first.decisions.slice(2) });
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(2);
    cluster.pass(60_000);
    expect(podsIn(cluster)).toHaveLength(4);
    expect(statusIn(cluster)?.replicas).toBe(4);
  });
});

describe('a set whose deployment was scaled down', () => {
  test('makes no pod before the other set has given up its own', () => {
    const cluster = new TestCluster([replicaSet]);
    const deployment = cluster.put<Deployment>({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        selector: { matchLabels: { app: 'web' } },
        template: template('1'),
      },
    } as unknown as Deployment);
    const set = (name: string, replicas: number) =>
      cluster.put<ReplicaSet>({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name, namespace: 'default', ownerReferences: [controllerRef(deployment)] },
        spec: {
          replicas,
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name } },
            spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] },
          },
        },
      });
    set('old', 4);
    cluster.settle();
    cluster.edit(replicaSets, 'default', 'old', { spec: { replicas: 1 } });
    set('young', 1);
    // Whoever comes first: the four of the old set are still there.
    cluster.carryOut(cluster.decide(replicaSet, 'default/young'));
    expect(podsIn(cluster)).toHaveLength(4);
    cluster.settle();
    expect(podsIn(cluster).map(({ metadata }) => metadata.labels?.['app'])).toEqual(['old', 'young']);
  });
});

describe('the order in which pods go', () => {
  const pod = (
    name: string,
    parts: { node?: string; phase?: string; ready?: number; cost?: string; restarts?: number; age?: number },
  ): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      creationTimestamp: toTime(NOW - (parts.age ?? 100) * 1000),
      ...(parts.cost && { annotations: { 'controller.kubernetes.io/pod-deletion-cost': parts.cost } }),
    },
    spec: { containers: [], ...(parts.node && { nodeName: parts.node }) },
    status: {
      phase: parts.phase ?? 'Running',
      ...(parts.ready !== undefined && {
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: toTime(NOW - parts.ready * 1000) }],
      }),
      containerStatuses: [{ name: 'a', image: '', imageID: '', ready: true, restartCount: parts.restarts ?? 0 }],
    },
  });
  const order = (...list: Pod[]) =>
    [...list]
      .sort(
        cheapestFirst(
          new Map([
            ['crowded', 2],
            ['n', 1],
          ]),
          NOW,
        ),
      )
      .map((one) => one.metadata.name);

  test('is: unplaced, pending, not ready, cheap, crowded, ready for short, restarted, young', () => {
    expect(
      order(
        pod('i-old', { node: 'n', ready: 10_000, age: 100_000 }),
        pod('h-young', { node: 'n', ready: 10_000, age: 10 }),
        pod('g-restarted', { node: 'n', ready: 10_000, restarts: 3 }),
        pod('f-just-ready', { node: 'n', ready: 10 }),
        pod('e-crowded', { node: 'crowded', ready: 10_000 }),
        pod('d-cheap', { node: 'n', ready: 10_000, cost: '-1' }),
        pod('c-not-ready', { node: 'n' }),
        pod('b-pending', { node: 'n', phase: 'Pending' }),
        pod('a-unplaced', { phase: 'Pending' }),
      ),
    ).toEqual([
      'a-unplaced',
      'b-pending',
      'c-not-ready',
      'd-cheap',
      'e-crowded',
      'f-just-ready',
      'g-restarted',
      'h-young',
      'i-old',
    ]);
  });
  test('takes a cost that is no whole number for none', () => {
    for (const cost of ['cheap', '1e9', '+5', '007', ' 9', '99999999999', '-']) {
      const odd = pod('a-odd', { node: 'n', ready: 10_000, age: 10, cost });
      expect(order(pod('b-old', { node: 'n', ready: 10_000, age: 100_000 }), odd)).toEqual(['a-odd', 'b-old']);
      expect(order(odd, pod('c-cheap', { node: 'n', ready: 10_000, cost: '-1' }))).toEqual(['c-cheap', 'a-odd']);
    }
  });
});
