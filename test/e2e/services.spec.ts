import { spawn, execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BUSYBOX, importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, podsOf, rolledOut, scale } from '../support/workloads.js';

const SERVICES = '/api/v1/namespaces/default/services';
let cluster: TestCluster;
let ip = '';
let nodePort = 0;

/** Says its name to each connection. */
const SERVER = { image: BUSYBOX, command: ['busybox', 'nc', '-ll', '-p', '8080', '-e', 'hostname'] };

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('services');
  await cluster.start();
  await create(DEPLOYMENTS, deployment('web', 2, {}, SERVER));
  await create(DEPLOYMENTS, deployment('client', 1));
  await create(SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await rolledOut(cluster, 'web');
  await rolledOut(cluster, 'client');
  const { spec } = (await cluster.api.get(`${SERVICES}/web`)).json<{
    readonly spec: { readonly clusterIP: string; readonly ports: readonly [{ readonly nodePort: number }] };
  }>();
  ip = spec.clusterIP;
  nodePort = spec.ports[0].nodePort;
}, 120_000);

afterAll(() => cluster?.remove(), 90_000);

async function create(path: string, body: object): Promise<void> {
  expect((await cluster.api.call('POST', path, { body })).status).toBe(201);
}
/** Words that run a program in the network of a pod. */
async function inPod(app: string): Promise<readonly string[]> {
  const [pod] = await podsOf(cluster, app);
  const uid = pod?.metadata.uid;
  const infra = (await cluster.containers({ infra: true })).find(
    ({ Labels }) => Labels['io.shiplog.container.role'] === 'infra' && Labels['io.shiplog.pod.uid'] === uid,
  );
  const pid = execFileSync('docker', ['inspect', '-f', '{{.State.Pid}}', infra?.Id ?? ''], { encoding: 'utf8' }).trim();
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}
/** Runs a script of Node's somewhere in the network; its output. */
function node(within: readonly string[], code: string, ...input: readonly string[]): Promise<string> {
  const [program = '', ...words] = [...within, process.execPath, '-e', code, '--', ...input];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  return new Promise((resolve) => child.once('close', () => resolve(text.trim())));
}
/** Who answers on so many connections, each name once; what goes wrong by its code. */
async function answers(within: readonly string[], host: string, port: number, times = 20): Promise<readonly string[]> {
  const text = await node(
    within,
    `const once = (done) => {
       const socket = require('node:net').connect(${port}, '${host}');
       socket.setTimeout(2000, () => { done('timeout'); socket.destroy(); });
       socket.once('data', (data) => { done(String(data).trim()); socket.destroy(); });
       socket.once('error', (error) => done(error.code));
     };
     (async () => { for (let i = 0; i < ${times}; i++) console.log(await new Promise(once)); })();`,
  );
  return [...new Set(text.split('\n'))].sort();
}
const names = async (app: string): Promise<readonly string[]> =>
  (await podsOf(cluster, app))
    .filter((pod) => !pod.metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.name)
    .sort();
const ownAddress = (): string =>
  Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth|lo)/.test(name))
    .flatMap(([, all]) => all ?? [])
    .find(({ family }) => family === 'IPv4')?.address ?? '';

describe('a service on a real engine', () => {
  it('is reached by its address from a pod, from its own pods and from the node; each pod gets its share', async () => {
    const expected = await names('web');
    expect(expected).toHaveLength(2);
    for (const within of [[], await inPod('client'), await inPod('web')])
      expect(await answers(within, ip, 80, 40)).toEqual(expected);
  });
  it('is reached by its node port', async () => {
    const expected = await names('web');
    for (const within of [[], await inPod('client')])
      expect(await answers(within, ownAddress(), nodePort, 40)).toEqual(expected);
  });
  it('leads to what pods there are, and refuses at once when there is none', async () => {
    const client = await inPod('client');
    await scale(cluster, 'web', 3);
    await until(
      'three pods',
      () => answers(client, ip, 80, 40),
      (found) => found.length === 3,
    );
    await scale(cluster, 'web', 0);
    // Whoever is led to a pod in the moment in which that ends may get no answer at all.
    await until(
      'no pod',
      () => podsOf(cluster, 'web'),
      (pods) => pods.length === 0,
    );
    for (const within of [client, []])
      await until(
        'refusals',
        () => answers(within, ip, 80, 3),
        (found) => found.join() === 'ECONNREFUSED',
      );
    await scale(cluster, 'web', 1);
    await rolledOut(cluster, 'web');
    const expected = await names('web');
    await until(
      'one pod',
      () => answers(client, ip, 80, 5),
      (found) => found.join() === expected.join(),
    );
  });
  // In user space the agent itself carries the bytes.
  const isByAgent = process.env['SHIPLOG_PROXY_MODE'] === 'userspace';
  it(`goes on while the control plane ${isByAgent ? 'is' : 'and the agent are'} dead`, async () => {
    const expected = await names('web');
    await cluster.killControlPlane();
    if (!isByAgent) process.kill(cluster.agentPid, 'SIGKILL');
    expect(await answers([], ip, 80, 5)).toEqual(expected);
    await cluster.start();
    // A new agent has to take the place of the one that carried the bytes.
    if (isByAgent)
      await until(
        'the new agent',
        () => answers([], ip, 80, 5),
        (found) => found.join() === expected.join(),
      );
    expect(await answers([], ip, 80, 5)).toEqual(expected);
  });
});

describe('kubernetes.default', () => {
  it("answers a pod that has nothing but its own token and the cluster's CA, though the API is on 127.0.0.1", async () => {
    const [pod] = await podsOf(cluster, 'client');
    const [app] = (await cluster.containers()).filter(
      ({ Labels }) => Labels['io.shiplog.pod.uid'] === pod?.metadata.uid,
    );
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    const read = (file: string): string =>
      execFileSync('docker', ['exec', app?.Id ?? '', 'busybox', 'cat', `${folder}/${file}`], { encoding: 'utf8' });
    const answer = await node(
      await inPod('client'),
      `const [ca, token] = process.argv.slice(1);
       const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
       const call = require('node:https').request('https://10.96.0.1/apis/authentication.k8s.io/v1/selfsubjectreviews',
         { method: 'POST', ca, servername: 'kubernetes.default.svc', headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' } },
         (response) => { let text = ''; response.on('data', (data) => (text += data)).on('end', () => console.log(text)); });
       call.on('error', (error) => console.log(error.code));
       call.end(body);`,
      read('ca.crt'),
      read('token'),
    );
    expect((JSON.parse(answer) as { status: { userInfo: object } }).status.userInfo).toMatchObject({
      username: 'system:serviceaccount:default:default',
      extra: { 'authentication.kubernetes.io/pod-name': [pod?.metadata.name] },
    });
  });
});
