import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { eventsOf } from '../support/event-log.js';
import { startSimulatedNode, type SimulatedNode } from '../support/simulated-node.js';
import { TestCluster, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, PODS, podsOf, rolledOut, scale } from '../support/workloads.js';

/**
 * A cluster of three simulated nodes through what loops decide on: rollouts, evictions, a preemption, a node's death. All of it
 * is decided again from the log. To keep the log of a release: `RECORD_LOG=<release> npm run jest -- test/e2e/decisions`.
 */
const NODES = '/api/v1/nodes';
const root = process.cwd();
let cluster: TestCluster;
let nodes: readonly SimulatedNode[];

beforeAll(async () => {
  cluster = new TestCluster('decider', { SHIPLOG_APPS: 'api,controllers,scheduler,health' });
  await cluster.start();
  nodes = await Promise.all(['n1', 'n2', 'n3'].map((name) => startSimulatedNode(cluster.home, name)));
  await until('three nodes', nodesNow, (all) => all.filter(isReady).length === 3);
});
afterAll(async () => {
  for (const node of nodes ?? []) await node.die();
  await cluster?.remove();
});

interface NodeShape {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
interface PodShape {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
}
const listed = async <T>(path: string): Promise<readonly T[]> =>
  (await cluster.api.get(path)).json<{ items?: readonly T[] }>().items ?? [];
const nodesNow = (): Promise<readonly NodeShape[]> => listed<NodeShape>(NODES);
const isReady = ({ status }: NodeShape): boolean =>
  status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
const podsNow = (app: string): Promise<readonly PodShape[]> => listed<PodShape>(`${PODS}?labelSelector=app%3D${app}`);

async function patch(path: string, body: object): Promise<void> {
  const answer = await cluster.api.call('PATCH', path, { body, contentType: 'application/merge-patch+json' });
  expect([200, answer.body.toString()]).toEqual([answer.status, answer.body.toString()]);
}
async function create(path: string, body: object): Promise<void> {
  const answer = await cluster.api.call('POST', path, { body });
  expect([201, answer.body.toString()]).toEqual([answer.status, answer.body.toString()]);
}

/** Pods that leave a node a second after it was tainted. */
const HASTY = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready'].map((key) => ({
  ...{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 },
}));
function workload(name: string, replicas: number, cpu: string): object {
  const made = deployment(name, replicas, {}, { resources: { requests: { cpu } } }) as {
    readonly spec: { readonly template: { readonly spec: Record<string, unknown> } };
  };
  made.spec.template.spec['tolerations'] = HASTY;
  return made;
}

describe('what loops have decided', () => {
  it('is rollouts, there and back', async () => {
    await create(DEPLOYMENTS, workload('web', 4, '100m'));
    await rolledOut(cluster, 'web');
    for (const version of ['2', '3', '2']) {
      const env = [{ name: 'main', env: [{ name: 'VERSION', value: version }] }];
      const answer = await cluster.api.call('PATCH', `${DEPLOYMENTS}/web`, {
        body: { spec: { template: { spec: { containers: env } } } },
        contentType: 'application/strategic-merge-patch+json',
      });
      expect(answer.status).toBe(200);
      await rolledOut(cluster, 'web');
    }
    await scale(cluster, 'web', 6);
    await rolledOut(cluster, 'web');
  });

  it('is evictions, by the API and from a tainted node', async () => {
    const [first] = await podsOf(cluster, 'web');
    const { name, uid } = first?.metadata ?? { name: '', uid: '' };
    await create(`${PODS}/${name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });
    await until(
      'the evicted pod is gone',
      () => podsNow('web'),
      (all) => all.every((pod) => pod.metadata.uid !== uid),
    );
    await patch(`${NODES}/n1`, { spec: { taints: [{ key: 'example.com/away', effect: 'NoExecute' }] } });
    await until(
      'n1 is empty',
      () => podsNow('web'),
      (all) => all.every(({ spec }) => spec.nodeName !== 'n1'),
    );
    await patch(`${NODES}/n1`, { spec: { taints: null } });
    await rolledOut(cluster, 'web');
  });

  it('is a preemption', async () => {
    await create(DEPLOYMENTS, workload('low', 3, '2500m'));
    await rolledOut(cluster, 'low');
    const high = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'high' } },
      spec: {
        priorityClassName: 'system-cluster-critical',
        containers: [{ name: 'a', image: 'example.com/a:1', resources: { requests: { cpu: '2500m' } } }],
      },
    };
    await create(PODS, high);
    await until(
      'the pod of high priority has a node',
      async () => (await cluster.api.get(`${PODS}/high`)).json<PodShape>(),
      ({ spec }) => spec.nodeName !== undefined,
    );
  });

  it('is the death of a node', async () => {
    const dead = nodes[2] as SimulatedNode;
    await dead.die();
    const onDead = async (): Promise<readonly PodShape[]> =>
      (await podsNow('web')).filter(({ spec }) => spec.nodeName === dead.name);
    await until(
      'its pods are told to go',
      async () => [await nodesNow(), await onDead()] as const,
      ([all, pods]) =>
        !all.some((node) => node.metadata.name === dead.name && isReady(node)) &&
        pods.every(({ metadata }) => metadata.deletionTimestamp !== undefined),
      150,
    );
    expect((await cluster.api.call('DELETE', `${NODES}/${dead.name}`)).status).toBe(200);
    await until('they are gone with it', onDead, (pods) => pods.length === 0, 90);
    await rolledOut(cluster, 'web');
  });

  it('is decided again, each event, from the log alone', async () => {
    await cluster.stop();
    const decided = (await eventsOf(cluster.home)).filter(({ metadata }) => metadata.basis !== undefined);
    const types = new Set(decided.map(({ type }) => type));
    const wanted = ['PodBound', 'DeploymentScaled', 'PodEvicted', 'PodPreempted', 'NodeBecameUnreachable'];
    expect(wanted.filter((type) => !types.has(type))).toEqual([]);
    const said = execFileSync(process.execPath, [join(root, 'tools/decisions.mjs'), cluster.home], {
      encoding: 'utf8',
    });
    const [, same = '0', total = '-1'] = /^same (\d+) of (\d+)$/m.exec(said) ?? [];
    expect(same).toBe(total);
    expect(Number(total)).toBeGreaterThan(100);
    const release = process.env['RECORD_LOG'];
    if (release) execFileSync(process.execPath, [join(root, 'tools/record-log.mjs'), cluster.home, release]);
  });
});
