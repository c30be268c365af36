import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubectl } from '../../tools/clients.mjs';
import { ApiClient } from '../support/api-client.js';
import { HostCluster, type NodeStatus } from '../support/hosts/host-cluster.js';
import type { Host } from '../support/hosts/host.js';
import { Load, type Loss, type Target } from '../support/hosts/load.js';
import { BUSYBOX, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, FOREVER, PODS, type PodStatus } from '../support/workloads.js';

/** What becomes of pods and services when a machine is lost, or is to go: one cluster of three hosts for all tests. */
const NODES = '/api/v1/nodes';
const SERVICES = '/api/v1/namespaces/default/services';
const NODE_PORT = 30_088;
const UNREACHABLE = 'node.kubernetes.io/unreachable';
let cluster: HostCluster;
let api: ApiClient;

interface Pod extends PodStatus {
  readonly spec: { readonly nodeName?: string };
}
interface Node extends NodeStatus {
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

beforeAll(async () => {
  cluster = await HostCluster.start({ nodes: 3, env: { SHIPLOG_DRAIN: 'always' } });
  await cluster.nodesReady();
  api = new ApiClient(cluster.kubeconfig);
}, 240_000);
afterAll(async () => {
  api?.close();
  await cluster?.stop();
}, 60_000);

describe('a machine that is lost', () => {
  it('costs a Deployment that tolerates no silence its pod, which is replaced elsewhere', async () => {
    const tolerations = [{ key: UNREACHABLE, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 }];
    await make(DEPLOYMENTS, withPodSpec(deployment('moving', 1), { tolerations }));
    const [before] = await ready('moving', 1);
    const lost = hostOf(before);
    const began = performance.now();
    await lost.powerOff();
    await until(
      'the node is unreachable',
      () => readiness(lost.name),
      (is) => is === 'Unknown',
    );
    const noticedMs = performance.now() - began;
    const after = await until(
      'a pod is Ready elsewhere',
      () => podsOf('moving'),
      (pods) => pods.some((pod) => isReady(pod) && pod.spec.nodeName !== lost.name),
    );
    process.stdout.write(`noticed after ${noticedMs} ms, replaced after ${performance.now() - began} ms\n`);
    expect(after.filter(({ metadata }) => metadata.uid === before?.metadata.uid)).toHaveLength(1);
    await cluster.boot(lost);
    await nodeIs(lost.name, 'True');
    await remove(`${DEPLOYMENTS}/moving`);
  }, 180_000);

  it('ends, on the node itself, a pod that must not run twice, before it is replaced', async () => {
    const body = {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name: 'db-0', labels: { app: 'db' }, annotations: { 'shiplog.io/fence-after': '5s' } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: BUSYBOX, command: FOREVER }] },
    };
    await make(PODS, body);
    const [first] = await ready('db', 1);
    const lost = hostOf(first);
    await cluster.hosts.links.cut(lost.name);
    let most = 0;
    await until(
      'it runs elsewhere',
      async () => {
        await api.call('POST', PODS, { body });
        most = Math.max(most, (await Promise.all(cluster.nodes.map((host) => running(host, 'db-0')))).flat().length);
        return podsOf('db');
      },
      ([pod]) => pod !== undefined && isReady(pod) && pod.metadata.uid !== first?.metadata.uid,
    );
    expect(most).toBe(1);
    expect(await running(lost, 'db-0')).toEqual([]);
    await cluster.hosts.links.heal(lost.name);
    await nodeIs(lost.name, 'True');
    expect(await running(lost, 'db-0')).toEqual([]);
    await remove(`${PODS}/db-0`);
  }, 180_000);

  it('is out of service when somebody says so: what is to go is not waited for', async () => {
    await make(PODS, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'sure', labels: { app: 'sure' } } },
      spec: { containers: [{ name: 'main', image: BUSYBOX, command: FOREVER }] },
    });
    const lost = hostOf((await ready('sure', 1))[0]);
    await lost.powerOff();
    await nodeIs(lost.name, 'Unknown');
    await kube('taint', 'node', lost.name, 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute');
    await until(
      'the pod is gone',
      () => podsOf('sure'),
      (pods) => pods.length === 0,
    );
    await kube('taint', 'node', lost.name, 'node.kubernetes.io/out-of-service-');
    await cluster.boot(lost);
    await nodeIs(lost.name, 'True');
  }, 180_000);

  it('goes on while it is cut off: pods are restarted, and names are answered, also by an agent that is started meanwhile', async () => {
    await make(
      SERVICES,
      service('known', { selector: { app: 'none' }, ports: [{ port: 80 }], clusterIP: '10.96.77.7' }),
    );
    await make(PODS, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'alone', labels: { app: 'alone' } } },
      spec: { containers: [{ name: 'main', image: BUSYBOX, command: FOREVER }] },
    });
    const host = hostOf((await ready('alone', 1))[0]);
    // So long it takes at most until what was told is on the disk.
    await until(
      'what is known is on the disk',
      () => Promise.resolve(readFileSync(join(host.folder, 'shiplog/agent', host.name, 'known.json'), 'utf8')),
      (text) => text.includes('10.96.77.7'),
    );
    await cluster.hosts.links.cut(host.name);
    await host.stopAgent('KILL');
    cluster.startAgent(host);
    await until(
      'the name is answered',
      () => host.run('busybox', 'nslookup', 'known.default.svc.cluster.local', '10.96.0.10').catch(String),
      (said) => said.includes('10.96.77.7'),
    );
    const [container] = await running(host, 'alone');
    await host.engine('POST', `/containers/${container}/kill`);
    await until(
      'it was started again',
      () => running(host, 'alone'),
      (all) => all.length === 1 && all[0] !== container,
    );
    await nodeIs(host.name, 'Unknown');
    await cluster.hosts.links.heal(host.name);
    await until(
      'the restart is reported',
      () => podsOf('alone'),
      ([pod]) => pod !== undefined && isReady(pod) && pod.status.containerStatuses?.[0]?.restartCount === 1,
    );
    // The agent began while its cable was out: it is the node that it was all the same.
    expect((await node(host.name)).status.addresses).toContainEqual({ type: 'InternalIP', address: host.address });
    await remove(`${PODS}/alone`);
    await remove(`${SERVICES}/known`);
  }, 180_000);
});

describe('what is planned loses no request of a service with two endpoints', () => {
  const loads: Load[] = [];
  let away: Host;
  /** The host of the client that asks from inside. */
  let home: Host;

  beforeAll(async () => {
    const serve =
      'mkdir -p /tmp/www; hostname > /tmp/www/index.html; trap "exit 0" TERM; busybox httpd -f -p 8080 -h /tmp/www & wait';
    const web = {
      command: ['sh', '-c', serve],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      // As long as news may take to reach every node on a machine that is busy with other suites.
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
    };
    const spread = {
      ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
      ...{ nodeTaintsPolicy: 'Honor', matchLabelKeys: ['pod-template-hash'] },
      labelSelector: { matchLabels: { app: 'web' } },
    };
    await make(
      DEPLOYMENTS,
      withPodSpec(deployment('web', 3, {}, web), {
        topologySpreadConstraints: [spread],
        terminationGracePeriodSeconds: 30,
      }),
    );
    const ports = [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }];
    await make(
      SERVICES,
      service('web', { type: 'NodePort', selector: { app: 'web' }, ports, clusterIP: '10.96.88.8' }),
    );
    const [first, second] = cluster.nodes;
    [away, home] = [first as Host, second as Host];
    await make(PODS, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'client', labels: { app: 'client' } } },
      spec: { nodeName: home.name, containers: [{ name: 'main', image: BUSYBOX, command: FOREVER }] },
    });
    await ready('client', 1);
    await ready('web', 3);
    const common = { everyMs: 40, patienceMs: 10_000 };
    const inside: readonly Target[] = [
      { name: 'the address', host: '10.96.88.8', port: 80 },
      { name: 'the name', host: 'web.default.svc.cluster.local', port: 80 },
    ];
    // Who is outside asks the nodes that stay.
    const outside = cluster.nodes
      .filter((host) => host !== away)
      .map(({ name, address }) => ({ name: `the port of ${name}`, host: address, port: NODE_PORT }));
    const [container] = await running(home, 'client');
    const { body } = await home.engine('GET', `/containers/${container}/json`);
    const { State } = body as { readonly State: { readonly Pid: number } };
    loads.push(
      await Load.start(home, { ...common, targets: inside, socket: join(home.folder, 'load.sock') }, State.Pid),
      await Load.startOutside({ ...common, targets: outside, socket: join(cluster.control.folder, 'load.sock') }),
    );
    await goesOn();
  }, 120_000);
  afterAll(async () => {
    await Promise.all(loads.map((load) => load.stop()));
    await remove(`${DEPLOYMENTS}/web`);
    await remove(`${SERVICES}/web`);
    await remove(`${PODS}/client`);
  });

  it('a rolling update', async () => {
    const env = [{ name: 'GENERATION', value: '2' }];
    await change('web', { spec: { template: { spec: { containers: [{ name: 'main', env }] } } } });
    await rolledOut('web');
    await nothingLost();
  }, 120_000);

  it('more pods, and fewer', async () => {
    for (const replicas of [6, 2, 3]) {
      await change('web', { spec: { replicas } });
      await rolledOut('web');
    }
    await nothingLost();
  }, 120_000);

  it('a restart of the whole control plane, in order and by a kill', async () => {
    for (const signal of ['TERM', 'KILL'] as const) {
      await cluster.stopControlPlane(signal);
      await goesOn();
      await cluster.startControlPlane();
      await cluster.nodesReady();
    }
    await nothingLost();
  }, 180_000);

  it('cordon, drain and uncordon', async () => {
    await kube('cordon', away.name);
    await kube('drain', away.name, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=90s');
    expect(await running(away, 'web-')).toEqual([]);
    await ready('web', 3);
    await goesOn();
    await kube('uncordon', away.name);
    await nothingLost();
  }, 120_000);

  it('the end of an agent that ends its pods', async () => {
    await kube('rollout', 'restart', 'deployment/web');
    await rolledOut('web');
    expect(await running(away, 'web-')).not.toEqual([]);
    await away.stopAgent('TERM');
    expect(await running(away, 'web-')).toEqual([]);
    const { conditions = [] } = (await node(away.name)).status;
    expect(conditions.find(({ type }) => type === 'Ready')?.message).toMatch(/shutting down|stopped posting/);
    await goesOn();
    cluster.startAgent(away);
    await nodeIs(away.name, 'True');
    await ready('web', 3);
    await nothingLost();
  }, 180_000);

  it('a Node that is deleted while its agent runs', async () => {
    await kube('rollout', 'restart', 'deployment/web');
    await rolledOut('web');
    expect(await running(away, 'web-')).not.toEqual([]);
    await kube('delete', 'node', away.name);
    // What runs on a node that is missing is collected 40 s later.
    await until(
      'its pods have ended',
      () => running(away, 'web-'),
      (all) => all.length === 0,
      120,
    );
    await ready('web', 3);
    await nothingLost();
    await away.stopAgent('TERM');
    cluster.startAgent(away);
    await nodeIs(away.name, 'True');
  }, 180_000);

  /** Each target has been asked some more. */
  async function goesOn(): Promise<void> {
    const answered = async (): Promise<readonly number[]> =>
      (await Promise.all(loads.map((load) => load.outcomes()))).flat().map((outcome) => outcome.answered);
    const before = await answered();
    await until('requests are answered', answered, (now) => now.every((n, i) => n >= (before[i] ?? 0) + 25));
  }
  /** No request was lost since the last time. */
  async function nothingLost(): Promise<void> {
    await goesOn();
    const all = (await Promise.all(loads.map((load) => load.outcomes()))).flat();
    const fresh = all.map(({ name, losses }) => ({
      name,
      losses: losses.filter((loss) => !known.has(keyOf(name, loss))),
    }));
    for (const { name, losses } of fresh) for (const loss of losses) known.add(keyOf(name, loss));
    expect(fresh.filter(({ losses }) => losses.length > 0)).toEqual([]);
  }
  const known = new Set<string>();
  const keyOf = (name: string, loss: Loss): string => `${name} ${JSON.stringify(loss)}`;
});

async function make(path: string, body: object): Promise<void> {
  const answer = await api.call('POST', path, { body });
  expect([answer.status, answer.status === 201 ? '' : answer.body.toString()]).toEqual([201, '']);
}
async function remove(path: string): Promise<void> {
  await api.call('DELETE', `${path}?propagationPolicy=Background&gracePeriodSeconds=1`);
}
async function change(name: string, body: object): Promise<void> {
  const contentType = 'application/strategic-merge-patch+json';
  expect((await api.call('PATCH', `${DEPLOYMENTS}/${name}`, { body, contentType })).status).toBe(200);
}
async function rolledOut(name: string): Promise<void> {
  await kube('rollout', 'status', `deployment/${name}`, '--timeout=90s');
}
function withPodSpec(body: object, more: object): object {
  const { spec } = body as { readonly spec: { readonly template: { readonly spec: object } } };
  Object.assign(spec.template.spec, more);
  return body;
}
function service(name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}
async function podsOf(app: string): Promise<readonly Pod[]> {
  return (await api.get(`${PODS}?labelSelector=app%3D${app}`)).json<{ items?: readonly Pod[] }>().items ?? [];
}
function isReady({ metadata, status }: PodStatus): boolean {
  const is = status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true;
  return is && metadata.deletionTimestamp === undefined;
}
/** The pods of an application once so many of them are ready. */
async function ready(app: string, count: number): Promise<readonly Pod[]> {
  const of = async (): Promise<readonly Pod[]> => (await podsOf(app)).filter(isReady);
  return until(`${count} pods of ${app} are Ready`, of, (pods) => pods.length === count, 90);
}
function hostOf(pod: Pod | undefined): Host {
  return cluster.hosts.get(pod?.spec.nodeName ?? '');
}
async function node(name: string): Promise<Node> {
  return (await api.get(`${NODES}/${name}`)).json<Node>();
}
async function readiness(name: string): Promise<string | undefined> {
  return (await node(name)).status.conditions?.find(({ type }) => type === 'Ready')?.status;
}
async function nodeIs(name: string, status: string): Promise<void> {
  await until(
    `${name} is Ready: ${status}`,
    () => readiness(name),
    (is) => is === status,
    90,
  );
}
/** Ids of the containers of pods whose name begins so that run on the host. */
async function running(host: Host, pod: string): Promise<readonly string[]> {
  if (!host.isOn) return [];
  const { body } = await host.engine('GET', '/containers/json');
  const all = body as readonly { readonly Id: string; readonly Labels: Readonly<Record<string, string>> }[];
  return all
    .filter(
      ({ Labels }) => Labels['io.shiplog.pod.name']?.startsWith(pod) && Labels['io.shiplog.container.role'] === 'app',
    )
    .map(({ Id }) => Id);
}
async function kube(...words: readonly string[]): Promise<void> {
  await promisify(execFile)(kubectl(), ['--kubeconfig', cluster.kubeconfig, ...words]);
}
