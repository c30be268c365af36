import { describe, expect, it } from '@jest/globals';
import { deployments, events, podDisruptionBudgets, pods, registry, type PodDisruptionBudget } from '#kinds';
import { toTime, type JsonObject } from '#std';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { disruption, staleDisruption } from './index.js';

const containers = [{ name: 'c', image: 'example.com/a:1' }];
const template = { metadata: { labels: { app: 'web' } }, spec: { containers } };
const VIOLATION = "violate the pod's disruption budget";
const CREATED = toTime(NOW - 60_000);

const SET = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'set' };

class Site extends TestCluster {
  constructor() {
    super([disruption(registry), staleDisruption]);
  }
  budget(spec: JsonObject): this {
    const selector = { matchLabels: { app: 'web' } };
    const metadata = { name: 'b', namespace: 'default' };
    this.put({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { selector, ...spec } } as never);
    this.settle();
    return this;
  }
  pod(
    name: string,
    { owner, ready = 'True', ...status }: { owner?: JsonObject; ready?: string } & JsonObject = {},
  ): this {
    const ownerReferences = owner && [{ ...owner, controller: true }];
    const conditions = [{ type: 'Ready', status: ready, lastProbeTime: null, lastTransitionTime: CREATED }];
    this.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: 'web' }, ...(ownerReferences && { ownerReferences }) },
      spec: { containers, nodeName: 'n' },
      status: { phase: 'Running', conditions, ...status },
    } as never);
    this.settle();
    return this;
  }
  /** A Deployment of so many pods, and its set. */
  deployment(replicas: number): this {
    const selector = { matchLabels: { app: 'web' } };
    const metadata = { namespace: 'default', labels: { app: 'web' } };
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'deployment', controller: true };
    const spec = { replicas, selector, template };
    this.put({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, name: 'web', uid: 'deployment' },
      spec,
    } as never);
    const set = { ...metadata, name: 'web-1', uid: 'set', ownerReferences: [owner] };
    this.put({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: set, spec: { ...spec, replicas: 1 } } as never);
    return this;
  }
  evicts(name: string): string {
    return this.evict(pods, 'default', name)?.message ?? 'evicted';
  }
  get status(): PodDisruptionBudget['status'] {
    return this.view.get(podDisruptionBudgets, 'default', 'b')?.status;
  }
  get condition(): string {
    const [one] = this.status?.conditions ?? [];
    return `${one?.type}=${one?.status} ${one?.reason} ${one?.message}`.trim();
  }
  get reasons(): readonly string[] {
    return this.view.list(events).map(({ reason }) => reason ?? '');
  }
}

describe('the pods of a disruption budget', () => {
  it('are counted: ready ones above the minimum may go', () => {
    const site = new Site().budget({ minAvailable: 2 }).pod('a').pod('b').pod('c', { ready: 'False' });
    expect(site.status).toMatchObject({ expectedPods: 3, currentHealthy: 2, desiredHealthy: 2, disruptionsAllowed: 0 });
    expect(site.condition).toBe('DisruptionAllowed=False InsufficientPods');
    site.pod('d');
    expect(site.status).toMatchObject({
      expectedPods: 4,
      currentHealthy: 3,
      disruptionsAllowed: 1,
      observedGeneration: 1,
    });
    expect(site.condition).toBe('DisruptionAllowed=True SufficientPods');
  });
  it('are none: none may go, and an event says so', () => {
    const site = new Site().budget({ minAvailable: 0 });
    expect(site.status).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0, observedGeneration: 1 });
    expect(site.reasons).toEqual(['NoPods']);
  });
  it('are as many as the Deployment of their sets says; shares of that round up', () => {
    const site = new Site().deployment(3).budget({ maxUnavailable: '34%' });
    site.pod('a', { owner: SET }).pod('b', { owner: SET });
    expect(site.status).toMatchObject({ expectedPods: 3, desiredHealthy: 1, currentHealthy: 2, disruptionsAllowed: 1 });
    site.edit(podDisruptionBudgets, 'default', 'b', { spec: { maxUnavailable: null, minAvailable: '34%' } });
    site.settle();
    expect(site.status).toMatchObject({ expectedPods: 3, desiredHealthy: 2, currentHealthy: 2, disruptionsAllowed: 0 });
    site.edit(deployments, 'default', 'web', { spec: { replicas: 2 } });
    site.settle();
    expect(site.status).toMatchObject({ expectedPods: 2, desiredHealthy: 1, disruptionsAllowed: 1 });
  });
  it('cannot be counted without a controller that has a scale: none may go, and the condition says why', () => {
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'j' };
    const site = new Site().budget({ maxUnavailable: 1 }).pod('a', { owner });
    expect(site.condition).toBe(
      'DisruptionAllowed=False SyncFailed jobs.batch does not implement the scale subresource',
    );
    expect(site.status?.disruptionsAllowed).toBe(0);
    expect(site.reasons).toContain('CalculateExpectedPodCountFailed');
    const gone = new Site().budget({ minAvailable: '50%' }).pod('a', { owner: SET });
    expect(gone.condition).toBe('DisruptionAllowed=False SyncFailed found no controllers for pod "a"');
  });
  it('that nobody controls are left out of a share, and an event says so', () => {
    const site = new Site().budget({ maxUnavailable: 1 }).pod('a');
    expect(site.status).toMatchObject({ expectedPods: 0, currentHealthy: 1, disruptionsAllowed: 0 });
    expect(site.reasons).toContain('UnmanagedPods');
  });
  it('do not change the status of a budget that says so already', () => {
    const site = new Site().budget({ minAvailable: 1 }).pod('a').pod('b');
    const version = site.view.position;
    site.edit(pods, 'default', 'a', { status: { message: 'hello' } });
    site.settle();
    expect(site.view.position).toBe(version + 1);
  });
});

describe('evictions', () => {
  it('leave what the budget needs, however many are asked for before its pods are counted again', () => {
    const site = new Site().budget({ minAvailable: 2 }).pod('a').pod('b').pod('c');
    expect(site.evicts('a')).toBe('evicted');
    expect(site.status).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { a: toTime(NOW) } });
    expect(site.evicts('b')).toMatch(VIOLATION);
    site.settle();
    expect(site.status).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 2 });
    expect(site.status?.disruptedPods).toBeUndefined();
    expect(site.evicts('b')).toMatch(VIOLATION);
    expect(site.pod('d').evicts('b')).toBe('evicted');
  });
  it('that went wrong give the pod back after two minutes', () => {
    const site = new Site().budget({ minAvailable: 1 }).pod('a').pod('b');
    site.edit(podDisruptionBudgets, 'default', 'b', {
      status: { disruptionsAllowed: 0, disruptedPods: { a: toTime(NOW) } },
    });
    site.settle();
    expect(site.status).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0, disruptedPods: { a: toTime(NOW) } });
    site.pass(119_999);
    expect(site.status?.currentHealthy).toBe(1);
    site.pass(1);
    expect(site.status).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    expect(site.status?.disruptedPods).toBeUndefined();
    expect(site.reasons).toContain('NotDeleted');
  });
});

describe('the condition DisruptionTarget', () => {
  const target = (reason: string): JsonObject => ({
    conditions: [
      { type: 'DisruptionTarget', status: 'True', reason, lastProbeTime: null, lastTransitionTime: toTime(NOW) },
    ],
  });
  const statusOf = (site: Site): string | undefined =>
    site.view.get(pods, 'default', 'a')?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.status;
  it('is taken back two minutes after, when the pod stays', () => {
    const site = new Site().pod('a', target('EvictionByEvictionAPI'));
    site.pass(119_999);
    expect(statusOf(site)).toBe('True');
    site.pass(1);
    expect(statusOf(site)).toBe('False');
  });
  it('stays when the node of the pod ends it', () => {
    const site = new Site().pod('a', target('TerminationByKubelet'));
    site.pass(600_000);
    expect(statusOf(site)).toBe('True');
  });
});
