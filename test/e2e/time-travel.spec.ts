import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiObject } from '../support/api-client.js';
import { importBusybox, TestCluster } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, PODS, rolledOut, scale } from '../support/workloads.js';

const CORE = '/api/v1/namespaces/default';
let cluster: TestCluster;
let checkpoints: string;

/** An answer as a client got it: what was asked, the position that it names, and its bytes. */
interface Recorded {
  readonly path: string;
  readonly position: string;
  readonly body: Buffer;
}
const recorded = new Map<string, Recorded>();

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('traveller', { SHIPLOG_EVENTS_PER_CHECKPOINT: '40' });
  checkpoints = join(cluster.home, 'checkpoints');
  await cluster.start();
});

afterAll(() => cluster?.remove(), 90_000);

/** Asks and keeps the answer. */
async function record(path: string): Promise<ApiObject | undefined> {
  const { status, body, json } = await cluster.api.get(path);
  if (status !== 200) return undefined;
  const object = json<ApiObject>();
  const position = object.metadata.resourceVersion;
  recorded.set(`${path} ${position}`, { path, position, body });
  return object;
}

const LEASES = '/apis/coordination.k8s.io/v1/leases';
/** Leases of nodes are no events, so nothing is promised of them: node-leases.spec.ts has what is shown instead. */
const LOGGED = 'fieldSelector=metadata.namespace%21%3Dkube-node-lease';

/** Where every kind that can be listed is found: whole (leases apart), and in one namespace. Measurements have no past: metrics-api.spec.ts. */
async function listPaths(): Promise<readonly string[]> {
  const { groups = [] } = (await cluster.api.get('/apis')).json<{
    groups?: readonly { readonly name: string; readonly preferredVersion: { readonly groupVersion: string } }[];
  }>();
  const logged = groups.filter(({ name }) => name !== 'metrics.k8s.io');
  const roots = ['/api/v1', ...logged.map((group) => `/apis/${group.preferredVersion.groupVersion}`)];
  const paths = await Promise.all(
    roots.map(async (root) => {
      const { resources = [] } = (await cluster.api.get(root)).json<{ resources?: readonly Resource[] }>();
      return resources
        .filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list'))
        .flatMap(({ name, namespaced }) => [
          ...(name === 'leases' ? [] : [`${root}/${name}`]),
          ...(namespaced ? [`${root}/namespaces/default/${name}`] : []),
        ]);
    }),
  );
  return paths.flat();
}
interface Resource {
  readonly name: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

const merge = (path: string, body: object): Promise<unknown> =>
  cluster.api.call('PATCH', path, { body, contentType: 'application/merge-patch+json' });
const create = (path: string, body: object): Promise<unknown> => cluster.api.call('POST', path, { body });

/** What people do to a cluster, one step after the other; each changes something while others look. */
async function live(): Promise<void> {
  await create(DEPLOYMENTS, deployment('web', 3));
  await create(`${CORE}/services`, {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  await create(`${CORE}/secrets`, { metadata: { name: 'key' }, stringData: { password: 'open sesame' } });
  await create(`${CORE}/serviceaccounts`, { metadata: { name: 'robot' } });
  await create('/api/v1/namespaces', { metadata: { name: 'short-lived' } });
  await create('/api/v1/namespaces/short-lived/configmaps', { metadata: { name: 'passing' }, data: { a: 'b' } });
  await create('/apis/coordination.k8s.io/v1/namespaces/default/leases', {
    metadata: { name: 'turn' },
    spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.123456Z' },
  });
  await create(`${CORE}/configmaps`, { metadata: { name: 'settings' }, data: { 'round-0': 'ä "quoted" \\ text\n' } });
  for (let round = 1; round <= 12; round++) {
    await merge(`${CORE}/configmaps/settings`, { data: { [`round-${round}`]: 'x'.repeat(round) } });
    await merge(`${CORE}/secrets/key`, { stringData: { password: `sesame ${round}` } });
    await merge(`/api/v1/nodes/${cluster.node}`, { metadata: { labels: { round: String(round) } } });
    if (round % 3 === 0) await scale(cluster, 'web', 2 + (round % 4));
    if (round === 4)
      await merge(`${DEPLOYMENTS}/web`, { spec: { template: { metadata: { annotations: { round: '4' } } } } });
    if (round === 6) await cluster.api.call('DELETE', '/api/v1/namespaces/short-lived');
    if (round === 8) await cluster.api.call('DELETE', `${PODS}?labelSelector=app%3Dweb`);
    await sleep(150);
  }
  await rolledOut(cluster, 'web');
}

/** Lists everything over and over, and gets each object that the lists show, until told to stop. */
async function look(isOver: () => boolean): Promise<void> {
  const paths = await listPaths();
  while (!isOver()) {
    for (const path of paths) {
      const list = await record(path);
      const inNamespace = path.includes('/namespaces/');
      for (const { metadata } of inNamespace ? (list?.items ?? []).slice(0, 8) : [])
        await record(`${path}/${metadata.name}`);
    }
    for (const selector of ['labelSelector=app%3Dweb', 'fieldSelector=status.phase%3DRunning'])
      await record(`${PODS}?${selector}`);
    await record(`/api/v1/nodes/${cluster.node}`);
    await record(`${LEASES}?${LOGGED}`);
  }
}

/** Asks all again at the position that each answer named; says which came out otherwise. */
async function differences(): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [...recorded.values()].sort((a, b) => Number(a.position) - Number(b.position));
  const ask = async (): Promise<void> => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const { path, position, body } = one;
      const then = await cluster.api.get(`/at/position:${position}${path}`);
      if (then.status !== 200 || !then.body.equals(body))
        found.push(`${position} ${path}: ${firstDifference(body, then.body)}`);
    }
  };
  await Promise.all([ask(), ask(), ask(), ask()]);
  return found;
}
function firstDifference(was: Buffer, is: Buffer): string {
  let at = 0;
  while (at < was.length && was[at] === is[at]) at++;
  const near = (text: Buffer): string => text.subarray(Math.max(0, at - 60), at + 60).toString();
  return `was ${near(was)}\n  is ${near(is)}`;
}
const checkpointFiles = (): readonly string[] =>
  existsSync(checkpoints)
    ? readdirSync(checkpoints, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
    : [];

describe('what was once answered is answered again, byte for byte', () => {
  it('while the cluster lives', async () => {
    let over = false;
    const looking = [look(() => over), look(() => over)];
    await live();
    over = true;
    await Promise.all(looking);
    const answers = [...recorded.values()];
    const isList = ({ body }: Recorded): boolean => /"kind":"\w+List"/.test(body.subarray(0, 80).toString());
    // How many of each come together depends on the machine; at least 200 in all are what is promised.
    expect(answers.length).toBeGreaterThanOrEqual(200);
    expect(answers.filter(isList).length).toBeGreaterThan(50);
    expect(answers.filter((one) => !isList(one)).length).toBeGreaterThan(50);
    expect(await differences()).toEqual([]);
  });

  it('after a restart, from checkpoints', async () => {
    expect(checkpointFiles().length).toBeGreaterThan(0);
    expect(existsSync(join(cluster.home, 'history', 'standalone.db'))).toBe(true);
    await cluster.stop();
    await cluster.start();
    expect(await differences()).toEqual([]);
  });

  it('after every checkpoint and the history index were deleted', async () => {
    await cluster.stop();
    rmSync(checkpoints, { recursive: true });
    rmSync(join(cluster.home, 'history'), { recursive: true });
    await cluster.start({ SHIPLOG_EVENTS_PER_CHECKPOINT: '1000000' });
    expect(checkpointFiles()).toEqual([]);
    expect(await differences()).toEqual([]);
  });
});
