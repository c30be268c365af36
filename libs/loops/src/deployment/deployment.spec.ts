import { describe, expect, test } from '@jest/globals';
import { deployments, replicaSets, type ReplicaSet } from '#kinds';
import { replicaSet } from '../replica-set/index.js';
import {
  allReady,
  deploymentIn,
  incidentsIn,
  makeDeployment,
  podsIn,
  roll,
  setIn,
  setReady,
  setsIn,
  template,
  TestCluster,
} from '../shared/testing/index.js';
import { deployment } from './index.js';

const clusterOf = () => new TestCluster([deployment, replicaSet]);
const conditions = (cluster: TestCluster) =>
  (deploymentIn(cluster).status?.conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  );
const sizes = (cluster: TestCluster) =>
  Object.fromEntries(setsIn(cluster).map((set) => [set.spec.template?.metadata?.labels?.['v'], set.spec.replicas]));
const revisions = (cluster: TestCluster) =>
  Object.fromEntries(
    setsIn(cluster).map((set) => [
      set.spec.template?.metadata?.labels?.['v'],
      set.metadata.annotations?.['deployment.kubernetes.io/revision'],
    ]),
  );

describe('a new deployment', () => {
  test('makes a set with its template, annotations and labels, and the pods', () => {
    const cluster = clusterOf();
    const made = makeDeployment(cluster, {
      metadata: { annotations: { 'example.com/note': 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
    });
    cluster.settle();
    const set = setIn(cluster, '1');
    const hash = set.metadata.labels?.['pod-template-hash'] ?? '';
    expect(set.metadata.name).toBe(`web-${hash}`);
    expect(set.metadata.annotations).toEqual({
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
      'deployment.kubernetes.io/revision': '1',
      'example.com/note': 'x',
    });
    expect(set.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'web',
        uid: made.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    expect(set.spec.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(podsIn(cluster).map((pod) => pod.metadata.labels)).toEqual(
      Array(3).fill({ app: 'web', v: '1', 'pod-template-hash': hash }),
    );
    expect(podsIn(cluster)[0]?.metadata.generateName).toBe(`web-${hash}-`);
    expect(deploymentIn(cluster).metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    expect(deploymentIn(cluster).status).toMatchObject({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      unavailableReplicas: 3,
      terminatingReplicas: 0,
    });
    expect(conditions(cluster)).toEqual([
      'Available=False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
      `Progressing=True ReplicaSetUpdated: ReplicaSet "${set.metadata.name}" is progressing.`,
    ]);
    expect(incidentsIn(cluster, 'Deployment')).toEqual([
      `ScalingReplicaSet: Scaled up replica set ${set.metadata.name} from 0 to 3 (1)`,
    ]);
  });

  test('is complete once all pods are available', () => {
    const cluster = clusterOf();
    makeDeployment(cluster);
    allReady(cluster.settle());
    expect(deploymentIn(cluster).status).toEqual({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      conditions: expect.anything(),
    });
    expect(conditions(cluster)).toEqual([
      'Available=True MinimumReplicasAvailable: Deployment has minimum availability.',
      `Progressing=True NewReplicaSetAvailable: ReplicaSet "${setIn(cluster, '1').metadata.name}" has successfully progressed.`,
    ]);
  });

  test('says that it is stuck when the deadline has passed, and recovers', () => {
    const cluster = clusterOf();
    makeDeployment(cluster, { replicas: 1, spec: { progressDeadlineSeconds: 2 } });
    cluster.settle().pass(2001);
    expect(conditions(cluster)[1]).toBe(
      `Progressing=False ProgressDeadlineExceeded: ReplicaSet "${setIn(cluster, '1').metadata.name}" has timed out progressing.`,
    );
    allReady(cluster);
    expect(conditions(cluster)[1]).toContain('Progressing=True NewReplicaSetAvailable');
  });

  test('says nothing of progress without a deadline', () => {
    const cluster = clusterOf();
    makeDeployment(cluster, { spec: { progressDeadlineSeconds: 2 ** 31 - 1 } });
    cluster.settle();
    expect(conditions(cluster)).toEqual([
      'Available=False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
    ]);
  });

  test('takes the failure of its set into its own conditions', () => {
    const cluster = clusterOf();
    cluster.refuse = (submit) =>
      submit.command.kind === 'core.pods' && podsIn(cluster).length >= 2 ? 'exceeded quota' : undefined;
    makeDeployment(cluster);
    expect(() => cluster.settle(60)).toThrow('come to rest');
    expect(conditions(cluster)).toContain('ReplicaFailure=True FailedCreate: exceeded quota');
    expect(deploymentIn(cluster).status).toMatchObject({ replicas: 2, updatedReplicas: 2, unavailableReplicas: 3 });
    cluster.refuse = () => undefined;
    cluster.settle();
    expect(conditions(cluster).join()).not.toContain('ReplicaFailure');
    expect(setIn(cluster, '1').status?.conditions).toBeUndefined();
  });
});

test('a set that is refused is told of, and tried again', () => {
  const cluster = clusterOf();
  cluster.refuse = (submit) => (submit.command.kind === 'apps.replicasets' ? 'exceeded quota' : undefined);
  makeDeployment(cluster);
  cluster.settle();
  const tries = () => cluster.refused.length;
  const before = tries();
  cluster.pass(1000);
  expect(tries()).toBeGreaterThan(before);
  expect(conditions(cluster).join()).toMatch(
    /Progressing=False ReplicaSetCreateError: Failed to create new replica set "web-[a-z0-9]+": exceeded quota/,
  );
  expect(incidentsIn(cluster, 'Deployment')).toHaveLength(1);
  cluster.refuse = () => undefined;
  allReady(cluster.pass(2000));
  expect(conditions(cluster)[1]).toContain('Progressing=True NewReplicaSetAvailable');
});

describe('a rolling update', () => {
  test('goes one pod at a time with surge 1 and none unavailable', () => {
    const cluster = clusterOf();
    makeDeployment(cluster, { maxSurge: 1, maxUnavailable: 0, spec: { revisionHistoryLimit: 1 } });
    allReady(cluster.settle());
    roll(cluster, '2');
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 3, 2: 1 });
    const [first] = podsIn(cluster, '2');
    if (first) setReady(cluster, first);
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 2, 2: 2 });
    allReady(cluster);
    expect(sizes(cluster)).toEqual({ 1: 0, 2: 3 });
    const [old, now] = [setIn(cluster, '1').metadata.name, setIn(cluster, '2').metadata.name];
    expect(incidentsIn(cluster, 'Deployment')).toEqual(
      [
        `ScalingReplicaSet: Scaled down replica set ${old} from 1 to 0 (1)`,
        `ScalingReplicaSet: Scaled down replica set ${old} from 2 to 1 (1)`,
        `ScalingReplicaSet: Scaled down replica set ${old} from 3 to 2 (1)`,
        `ScalingReplicaSet: Scaled up replica set ${old} from 0 to 3 (1)`,
        `ScalingReplicaSet: Scaled up replica set ${now} from 0 to 1 (1)`,
        `ScalingReplicaSet: Scaled up replica set ${now} from 1 to 2 (1)`,
        `ScalingReplicaSet: Scaled up replica set ${now} from 2 to 3 (1)`,
      ].sort(),
    );
  });

  test('going back renumbers the old set and remembers its revision; a third template overtakes; the history is kept short', () => {
    const cluster = clusterOf();
    makeDeployment(cluster, { maxSurge: 1, maxUnavailable: 0, spec: { revisionHistoryLimit: 1 } });
    allReady(cluster.settle());
    roll(cluster, '2');
    allReady(cluster.settle());
    roll(cluster, '1');
    cluster.settle();
    expect(revisions(cluster)).toEqual({ 1: '3', 2: '2' });
    expect(setIn(cluster, '1').metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1');
    expect(deploymentIn(cluster).metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    roll(cluster, '3');
    cluster.settle();
    // The pod that was not ready goes before anything else.
    expect(sizes(cluster)).toEqual({ 1: 0, 2: 3, 3: 1 });
    allReady(cluster);
    expect(revisions(cluster)).toEqual({ 1: '3', 3: '4' });
  });

  test('keeps counts beyond 2^53', () => {
    const cluster = clusterOf();
    makeDeployment(cluster);
    cluster.put<ReplicaSet>({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: 'bare',
        namespace: 'default',
        labels: { app: 'web' },
        annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' },
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web', v: '0' } },
        template: template('0'),
      },
    });
    cluster.settle();
    expect(revisions(cluster)).toEqual({ 0: '3546343826724305832', 1: '3546343826724305833' });
  });

  test('is shared out in proportion when the deployment is scaled in the middle', () => {
    const cluster = clusterOf();
    makeDeployment(cluster, { replicas: 10, maxSurge: 3, maxUnavailable: 2 });
    allReady(cluster.settle());
    roll(cluster, '2');
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 8, 2: 5 });
    for (const pod of podsIn(cluster, '1').filter((one) => one.metadata.deletionTimestamp)) cluster.gone(pod);
    cluster.edit(deployments, 'default', 'web', { spec: { replicas: 15 } });
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 11, 2: 7 });
    cluster.edit(deployments, 'default', 'web', { spec: { replicas: 5 } });
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 3, 2: 5 });
    expect(setIn(cluster, '1').metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/desired-replicas': '5',
      'deployment.kubernetes.io/max-replicas': '8',
    });
  });

  test('gives minReadySeconds to the set without a new revision', () => {
    const cluster = clusterOf();
    makeDeployment(cluster);
    allReady(cluster.settle());
    cluster.edit(deployments, 'default', 'web', { spec: { minReadySeconds: 5 } });
    cluster.settle();
    expect(setIn(cluster, '1').spec.minReadySeconds).toBe(5);
    expect(setsIn(cluster)).toHaveLength(1);
    expect(deploymentIn(cluster).status?.availableReplicas).toBeUndefined();
    cluster.pass(5000);
    expect(deploymentIn(cluster).status?.availableReplicas).toBe(3);
  });
});

describe('a paused deployment', () => {
  test('scales, but rolls nothing out', () => {
    const cluster = clusterOf();
    makeDeployment(cluster, { replicas: 2, spec: { paused: true } });
    cluster.settle();
    expect(setsIn(cluster)).toEqual([]);
    expect(deploymentIn(cluster).status).toMatchObject({ observedGeneration: 1, terminatingReplicas: 0 });
    expect(conditions(cluster).sort()).toEqual([
      'Available=False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
      'Progressing=Unknown DeploymentPaused: Deployment is paused',
    ]);
    cluster.edit(deployments, 'default', 'web', { spec: { paused: null } });
    allReady(cluster.settle());
    expect(conditions(cluster)[1]).toContain('NewReplicaSetAvailable');
    cluster.edit(deployments, 'default', 'web', { spec: { paused: true } });
    cluster.settle();
    cluster.edit(deployments, 'default', 'web', {
      spec: { replicas: 4, template: { metadata: { labels: { v: '2' } } } },
    });
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 4 });
    cluster.edit(deployments, 'default', 'web', { spec: { paused: null } });
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 3, 2: 2 });
    cluster.edit(deployments, 'default', 'web', { spec: { paused: true } });
    cluster.settle();
    cluster.edit(deployments, 'default', 'web', { spec: { replicas: 8 } });
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 6, 2: 4 });
  });
});

describe('the strategy Recreate', () => {
  test('waits for the end of the old pods', () => {
    const cluster = clusterOf();
    makeDeployment(cluster, { spec: { strategy: { type: 'Recreate' } } });
    allReady(cluster.settle());
    roll(cluster, '2');
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 0 });
    const old = podsIn(cluster, '1');
    expect(old).toHaveLength(3);
    for (const pod of old) cluster.gone(pod);
    cluster.settle();
    expect(sizes(cluster)).toEqual({ 1: 0, 2: 3 });
    allReady(cluster);
    expect(conditions(cluster)[1]).toContain('NewReplicaSetAvailable');
  });
});

test('Recreate goes on when it is scaled while two sets have pods', () => {
  const cluster = clusterOf();
  makeDeployment(cluster, { spec: { strategy: { type: 'Recreate' } } });
  allReady(cluster.settle());
  const set = setIn(cluster, '1');
  cluster.put<ReplicaSet>({
    ...set,
    metadata: { ...set.metadata, name: 'other', uid: 'other', labels: { app: 'web', v: '0' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web', v: '0' } },
      template: template('0'),
    },
  });
  cluster.edit(deployments, 'default', 'web', { spec: { replicas: 2 } });
  cluster.settle();
  for (const pod of podsIn(cluster).filter((one) => one.metadata.deletionTimestamp)) cluster.gone(pod);
  allReady(cluster.settle());
  expect(sizes(cluster)).toEqual({ 0: 0, 1: 2 });
});

describe('sets that others made', () => {
  test('are adopted by their labels and released when these no longer match', () => {
    const cluster = clusterOf();
    cluster.put<ReplicaSet>({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: 'bare',
        namespace: 'default',
        labels: { app: 'web', v: '0' },
        annotations: { 'deployment.kubernetes.io/revision': '7' },
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web', v: '0' } },
        template: template('0'),
      },
    });
    cluster.settle();
    makeDeployment(cluster, { replicas: 2 });
    cluster.settle();
    expect(revisions(cluster)).toEqual({ 0: '7', 1: '8' });
    expect(sizes(cluster)).toEqual({ 0: 1, 1: 2 });
    expect(deploymentIn(cluster).status).toMatchObject({ replicas: 3, unavailableReplicas: 3, updatedReplicas: 2 });
    cluster.edit(replicaSets, 'default', 'bare', { metadata: { labels: { app: 'else' } } });
    cluster.settle();
    expect(cluster.view.get(replicaSets, 'default', 'bare')?.metadata.ownerReferences).toBeUndefined();
  });
});
