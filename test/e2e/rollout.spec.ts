import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pods } from '#kinds';
import type { View } from '#model';
import { type Pod } from '#pod';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { emptyProjection, eventsOf } from '../support/event-log.js';
import { importBusybox, TestCluster, until, BUSYBOX } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, podsOf, rolledOut } from '../support/workloads.js';

const REPLICAS = 10;
const MAX_SURGE = 3;
const MAX_UNAVAILABLE = 2;
let cluster: TestCluster;

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('roller');
  await cluster.start();
});

afterAll(() => cluster?.remove(), 90_000);

/** Ten pods that are ready a moment after they run; the version is what a rollout changes. */
function web(version: string, percent: boolean): object {
  const rollingUpdate = percent
    ? { maxSurge: '25%', maxUnavailable: '25%' }
    : { maxSurge: MAX_SURGE, maxUnavailable: MAX_UNAVAILABLE };
  const container = {
    image: BUSYBOX,
    command: ['sh', '-c', 'trap "exit 0" TERM; sleep 0.7; touch /tmp/ready; while true; do sleep 1 & wait $!; done'],
    env: [{ name: 'VERSION', value: version }],
    // A machine that is busy may answer late. A pod that is taken for unready so is out of bounds by nobody's decision.
    readinessProbe: {
      exec: { command: ['test', '-f', '/tmp/ready'] },
      periodSeconds: 1,
      timeoutSeconds: 30,
      failureThreshold: 30,
    },
  };
  return deployment('web', REPLICAS, { strategy: { type: 'RollingUpdate', rollingUpdate } }, container);
}

async function apply(version: string, percent = false): Promise<void> {
  const options = { body: web(version, percent), contentType: 'application/apply-patch+yaml' };
  const answer = await cluster.api.call('PATCH', `${DEPLOYMENTS}/web?fieldManager=test&force=true`, options);
  expect([200, 201]).toContain(answer.status);
}

/** A pod that is being deleted counts as gone, as it does for the controllers that Kubernetes has. */
const isActive = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(pod.status?.phase ?? '');
function isReady(pod: Pod): boolean {
  const conditions = (pod.status?.['conditions'] ?? []) as readonly {
    readonly type: string;
    readonly status: string;
  }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

interface Seen {
  readonly position: number;
  readonly total: number;
  readonly available: number;
}
function count(view: View, position: number): Seen {
  const active = view.list(pods, 'default').filter(isActive);
  return { position, total: active.length, available: active.filter(isReady).length };
}

/** What the log says at every position of a stretch. */
async function fold(from: number, to: number): Promise<readonly Seen[]> {
  const view = emptyProjection();
  const seen: Seen[] = [];
  for (const event of await eventsOf(cluster.home)) {
    if (event.position > to) break;
    view.apply(event);
    if (event.position >= from) seen.push(count(view, event.position));
  }
  return seen;
}

async function head(): Promise<number> {
  const list = (await cluster.api.get('/api/v1/namespaces')).json();
  return Number(list.metadata.resourceVersion);
}

async function settled(): Promise<number> {
  await rolledOut(cluster, 'web', 120);
  await until(
    'only the new pods are left',
    () => podsOf(cluster, 'web'),
    (found) => found.length === REPLICAS,
  );
  return head();
}

describe('a rolling update of ten replicas behind readiness, as the log tells it', () => {
  it('is inside its bounds at every position', async () => {
    await apply('1');
    const from = await settled();
    await apply('2');
    const to = await settled();
    const seen = await fold(from, to);
    expect(seen.length).toBeGreaterThan(60);
    expect(seen.filter(({ available }) => available < REPLICAS - MAX_UNAVAILABLE)).toEqual([]);
    expect(seen.filter(({ total }) => total > REPLICAS + MAX_SURGE)).toEqual([]);
    // It did make use of both: a rollout that did nothing would be inside its bounds too.
    expect(Math.max(...seen.map(({ total }) => total))).toBe(REPLICAS + MAX_SURGE);
    expect(Math.min(...seen.map(({ available }) => available))).toBe(REPLICAS - MAX_UNAVAILABLE);
    await expectTheSameInThePast(seen);
  });

  it('stays inside them when another version comes in the middle of it', async () => {
    const from = await head();
    await apply('3', true);
    await until(
      'the rollout is under way',
      () => fold(from, Infinity),
      (seen) => seen.some((s) => s.total > REPLICAS),
    );
    await apply('4', true);
    const seen = await fold(from, await settled());
    // A quarter of ten: rounded up for surge, down for unavailable.
    expect(seen.filter(({ available }) => available < 8)).toEqual([]);
    expect(seen.filter(({ total }) => total > 13)).toEqual([]);
  });
});

describe('shiplog why', () => {
  const shiplog = (...words: readonly string[]): string =>
    execFileSync(process.execPath, [join(process.cwd(), 'dist/apps/cli/main.js'), ...words], {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
    });
  /** Object and type of each step. */
  const stepsOf = (text: string): readonly string[] =>
    text.split('\n').flatMap((line) => {
      const [, what] = /^\d+ +\S+Z +(\S+ \S+ +\S+)/.exec(line) ?? [];
      return what === undefined ? [] : [what.replace(/ +/g, ' ').replace(/default\/\S+ /, '')];
    });

  it('leads from a pod to the request that made it, and from the end of one to the request that replaced it', async () => {
    const [pod] = await podsOf(cluster, 'web');
    const placed = shiplog('why', `pod/${pod?.metadata.name}`, 'spec.nodeName');
    expect(stepsOf(placed).slice(0, 3)).toEqual(['pods PodBound', 'pods Created', 'replicasets DeploymentScaled']);
    expect(stepsOf(placed).at(-1)).toBe('deployments SpecChanged');
    expect(placed).toMatch(/It began with the request in the last line\.$/m);
    const gone = (await eventsOf(cluster.home)).findLast(
      ({ type, stream }) => type === 'Deleted' && stream.startsWith('core.pods/default/web'),
    );
    const name = gone?.stream.slice('core.pods/default/'.length) ?? '';
    const ended = shiplog('why', `pod/${name}`);
    expect(stepsOf(ended)[0]).toBe('pods Deleted');
    expect(stepsOf(ended)).toContain('pods DeletionRequested');
    expect(stepsOf(ended).at(-1)).toBe('deployments SpecChanged');
    expect(shiplog('history', `pod/${name}`)).toContain('metadata.deletionTimestamp: set to');
  });
});

/** The same counts by the API of the past, at some of the positions. */
async function expectTheSameInThePast(seen: readonly Seen[]): Promise<void> {
  for (const known of seen.filter((_, i) => i % 10 === 0)) {
    const answer = await cluster.api.get(`/at/position:${known.position}/api/v1/namespaces/default/pods`);
    const active = answer.json<{ items: readonly Pod[] }>().items.filter(isActive);
    const { position } = known;
    expect({ position, total: active.length, available: active.filter(isReady).length }).toEqual(known);
  }
}
