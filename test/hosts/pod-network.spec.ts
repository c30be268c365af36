import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import type { Host } from '../support/hosts/index.js';
import { HostCluster } from '../support/hosts/host-cluster.js';
import { root } from '../support/hosts/tools.js';
import { BUSYBOX, until } from '../support/test-cluster.js';
import { PODS } from '../support/workloads.js';

/**
 * The network of pods on real containers: host-1 and host-2 reach each other by routes; host-3 insists on VXLAN, so that all paths
 * to and from it are of that. The machine that the hosts run on is the world outside.
 */
const NAMES = ['host-1', 'host-2', 'host-3'] as const;
const POD_CIDR = '10.252.0.0/16';
const PORT = 8080;
const HOST_PORT = 8090;
const NODE_PORT = 30_180;
const SERVICES = '/api/v1/namespaces/default/services';
/** Answers each request with the name of the pod and the address of who asks. */
const SCRIPT = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n%s %s\\n" "$NAME" "$REMOTE_ADDR"\n';
const WHO = [
  'sh',
  '-c',
  [
    'mkdir -p /tmp/www/cgi-bin',
    'printf "%s" "$SCRIPT" > /tmp/www/cgi-bin/who',
    'chmod 755 /tmp/www/cgi-bin/who',
    'exec busybox httpd -f -p $PORT -h /tmp/www',
  ].join(' && '),
];

let cluster: HostCluster;
let api: ApiClient;
/** By the name of a pod: its address. */
const addresses = new Map<string, string>();

beforeAll(async () => {
  cluster = await HostCluster.start({
    nodes: NAMES.length,
    podCidr: POD_CIDR,
    agentEnv: (host) => (host === 'host-3' ? { SHIPLOG_POD_NETWORK: 'vxlan' } : {}),
  });
  await cluster.nodesReady();
  api = new ApiClient(cluster.kubeconfig);
  for (const name of NAMES) {
    await create(PODS, pod(`web-${name}`, name, { labels: { app: 'web' } }));
    await create(PODS, pod(`net-${name}`, name, { hostNetwork: true, port: PORT + 1 }));
  }
  await create(PODS, pod('published', 'host-1', { hostPort: HOST_PORT }));
  const ports = [{ port: 80, targetPort: PORT, nodePort: NODE_PORT }];
  await create(SERVICES, service('web', { type: 'NodePort', selector: { app: 'web' }, ports }));
  await until('all pods are Ready', pods, (all) => all.length === 7 && all.every(isReady), 120);
  for (const { metadata, status } of await pods()) addresses.set(metadata.name, status.podIP ?? '');
}, 240_000);
afterAll(async () => {
  api?.close();
  await cluster?.stop();
}, 60_000);

describe('the network of pods', () => {
  it('is said by each node, with a range that no other has', async () => {
    const seen = await until('all nodes say how others are reached', nodes, (all) =>
      all.every((node) => networkOf(node)?.message.includes('VXLAN') === true),
    );
    expect(seen.map(networkOf)).toEqual([
      expect.objectContaining({ status: 'False', reason: 'PodRoutes' }),
      expect.objectContaining({ status: 'False', reason: 'PodRoutes' }),
      expect.objectContaining({
        status: 'False',
        reason: 'PodVxlan',
        message: 'pods of other nodes are reached by VXLAN',
      }),
    ]);
    expect(new Set(seen.map(({ spec }) => spec.podCIDR)).size).toBe(3);
    for (const name of NAMES) expect(within(name, addressOf(`web-${name}`), seen)).toBe(true);
  });

  it('takes each pod to each pod, which sees its address, whole packets included', async () => {
    for (const from of NAMES)
      for (const to of NAMES)
        expect(await askFrom(`web-${from}`, `${addressOf(`web-${to}`)}:${PORT}`)).toBe(
          `web-${to} ${addressOf(`web-${from}`)}`,
        );
    const { output } = await inPod('web-host-1', 'cat', '/proc/net/route', '/proc/net/dev');
    expect(output).toContain('eth0');
    expect((await inPod('web-host-1', 'ip', 'link', 'show', 'eth0')).output).toContain('mtu 1450');
  });

  it("takes each node to each pod, which sees an address of the node's range, and each pod to each node", async () => {
    const seen = await nodes();
    for (const from of NAMES) {
      for (const to of NAMES) {
        const answer = await askFrom(from, `${addressOf(`web-${to}`)}:${PORT}`);
        expect(answer).toMatch(new RegExp(`^web-${to} `));
        expect(within(from, answer.split(' ')[1] ?? '', seen)).toBe(true);
        const own = await askFrom(`web-${from}`, `${host(to).address}:${PORT + 1}`);
        const isByRoute = from !== 'host-3' && to !== 'host-3';
        expect(own).toBe(`net-${to} ${isByRoute || from === to ? addressOf(`web-${from}`) : host(from).address}`);
      }
    }
  });

  it('hides pods from what is outside of the cluster, which sees the address of their node', async () => {
    const server = createServer((request, answer) =>
      answer.end(`machine ${request.socket.remoteAddress?.replace('::ffff:', '')}`),
    );
    await new Promise<void>((resolve) => server.listen(0, () => resolve()));
    const { port } = server.address() as AddressInfo;
    const machine = host('host-1').address.replace(/\d+$/, '254');
    for (const name of NAMES)
      expect(await askFrom(`web-${name}`, `${machine}:${port}`)).toBe(`machine ${host(name).address}`);
    server.close();
  });

  it('leads into services on other nodes: from pods with their own address, from nodes, and by the port of each node', async () => {
    const { clusterIP } = (await api.get(`${SERVICES}/web`)).json<{ readonly spec: { readonly clusterIP: string } }>()
      .spec;
    const all = NAMES.map((name) => `web-${name}`);
    for (const name of NAMES) {
      const answers = await many(`web-${name}`, `${clusterIP}:80`);
      expect(backendsOf(answers)).toEqual(all);
      for (const answer of answers)
        if (!answer.startsWith(`web-${name} `)) expect(answer.split(' ')[1]).toBe(addressOf(`web-${name}`));
      expect(backendsOf(await many(name, `${clusterIP}:80`))).toEqual(all);
      expect(backendsOf(await many('machine', `${host(name).address}:${NODE_PORT}`))).toEqual(all);
      expect(backendsOf(await many('web-host-2', `${host(name).address}:${NODE_PORT}`))).toEqual(all);
    }
  }, 120_000);

  it('shows a client outside as it is where traffic stays on the node', async () => {
    const ports = [{ port: 80, targetPort: PORT, nodePort: NODE_PORT + 1 }];
    const selector = { app: 'web' };
    await create(SERVICES, service('local', { type: 'NodePort', externalTrafficPolicy: 'Local', selector, ports }));
    for (const name of NAMES) {
      const answer = await until(
        'the port of the node is there',
        () => askFrom('machine', `${host(name).address}:${NODE_PORT + 1}`),
        (text) => text.startsWith('web-'),
      );
      expect(answer).toMatch(new RegExp(`^web-${name} 198\\.18\\.\\d+\\.254$`));
    }
  });

  it('takes pods of other nodes and clients outside to a port of the host', async () => {
    const at = `${host('host-1').address}:${HOST_PORT}`;
    expect(await askFrom('web-host-2', at)).toBe(`published ${addressOf('web-host-2')}`);
    expect(await askFrom('web-host-3', at)).toMatch(/^published /);
    expect(await askFrom('machine', at)).toMatch(/^published /);
  });

  it('is mended when somebody else took a part of it away, and pods keep their addresses when the agent is started anew', async () => {
    await host('host-1').run(
      'sh',
      '-c',
      'ip -4 route flush proto 83; nft delete table ip $(nft list tables | grep -o "shiplognet.*")',
    );
    await stopAgent('host-1');
    cluster.startAgent(host('host-1'));
    await until(
      'the pods are reached again',
      () => askFrom('web-host-1', `${addressOf('web-host-3')}:${PORT}`),
      (text) => text === `web-host-3 ${addressOf('web-host-1')}`,
      90,
    );
    const now = new Map((await pods()).map(({ metadata, status }) => [metadata.name, status.podIP]));
    expect([...now]).toEqual([...addresses]);
  }, 120_000);

  it('follows a node that comes back with another address', async () => {
    const moved = host('host-2');
    const other = moved.address.replace(/\d+$/, '177');
    await stopAgent('host-2');
    await moved.run(
      'sh',
      '-c',
      `gateway=$(ip route show default | cut -d" " -f3); ip addr add ${other}/24 dev eth0; ip addr del ${moved.address}/24 dev eth0; ip addr flush dev eth0 secondary; ip addr replace ${other}/24 dev eth0; ip route replace default via $gateway`,
    );
    cluster.startAgent(moved);
    const routes = () => host('host-1').run('ip', '-4', 'route', 'show', 'proto', '83');
    await until('its new address is in the routes', routes, (text) => text.includes(`via ${other} `), 90);
    await until(
      'its pods are reached',
      () => askFrom('web-host-1', `${addressOf('web-host-2')}:${PORT}`),
      (text) => text === `web-host-2 ${addressOf('web-host-1')}`,
      90,
    );
    expect(await routes()).not.toContain(`via ${moved.address} `);
  }, 200_000);

  it('forgets a node that is gone', async () => {
    const range = (await nodes()).find(({ metadata }) => metadata.name === 'host-2')?.spec.podCIDR ?? '';
    const routes = () => host('host-1').run('ip', '-4', 'route', 'show', 'proto', '83');
    expect(await routes()).toContain(range);
    await host('host-2').powerOff();
    expect((await api.call('DELETE', '/api/v1/nodes/host-2')).status).toBe(200);
    await until('there is no route to it', routes, (text) => !text.includes(range));
    expect(await askFrom('web-host-1', `${addressOf('web-host-2')}:${PORT}`)).toBe('EHOSTUNREACH');
  }, 60_000);

  it('leaves nothing behind when the cluster is removed', async () => {
    const left = async (): Promise<Left> => {
      const { run } = { run: (...words: readonly [string, ...string[]]) => host('host-1').run(...words) };
      const found = (name: RegExp, text: string): readonly string[] => text.match(name) ?? [];
      return {
        tables: found(/shiplognet_\w+/g, await run('nft', 'list', 'tables')),
        routes: (await run('ip', '-4', 'route', 'show', 'proto', '83')).trim(),
        links: found(/slx[0-9a-f]{11}/g, await run('ip', '-o', 'link')),
        rules: found(/shiplognet_\w+/g, await run('iptables', '-S', 'DOCKER-USER')),
      };
    };
    await stopAgent('host-1');
    const before = await left();
    expect(before.routes).toContain('unreachable 10.252.0.0/16');
    for (const some of [before.tables, before.links, before.rules]) expect(some).not.toEqual([]);
    const id = (await nodesOf('kube-system'))?.metadata.uid ?? '';
    const remove = `const { removeServiceRules } = await import('${join(root, 'tools/remove.mjs')}');
      const { execFileSync } = await import('node:child_process');
      const tables = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
      removeServiceRules(/shiplognet_([^_]+)_/.exec(tables)?.[1] ?? '${id}');`;
    await host('host-1').run(process.execPath, '--input-type=module', '-e', remove);
    expect(await left()).toEqual({ tables: [], routes: '', links: [], rules: [] });
  });
});

/** What is there of the network of pods on a host. */
interface Left {
  readonly tables: readonly string[];
  readonly routes: string;
  readonly links: readonly string[];
  readonly rules: readonly string[];
}
interface HostNode {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly podCIDR?: string };
  readonly status: { readonly conditions?: readonly Condition[] };
}
interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}
interface ShownPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP?: string; readonly conditions?: readonly Condition[] };
}
interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
  readonly port?: number;
  readonly hostPort?: number;
}

function pod(
  name: string,
  nodeName: string,
  { labels = {}, hostNetwork = false, port = PORT, hostPort }: PodOptions,
): object {
  const env = [
    { name: 'NAME', value: name },
    { name: 'SCRIPT', value: SCRIPT },
    { name: 'PORT', value: String(port) },
  ];
  const ports = [{ containerPort: port, ...(hostPort !== undefined && { hostPort }) }];
  const container = {
    name: 'main',
    image: BUSYBOX,
    command: WHO,
    env,
    ports,
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { nodeName, hostNetwork, terminationGracePeriodSeconds: 0, containers: [container] },
  };
}
function service(name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}
async function create(path: string, body: object): Promise<void> {
  const { status } = await api.call('POST', path, { body });
  expect(status).toBe(201);
}
async function nodes(): Promise<readonly HostNode[]> {
  return (await api.get('/api/v1/nodes')).json<{ readonly items: readonly HostNode[] }>().items;
}
async function nodesOf(namespace: string): Promise<{ readonly metadata: { readonly uid: string } } | undefined> {
  return (await api.get(`/api/v1/namespaces/${namespace}`)).json();
}
async function pods(): Promise<readonly ShownPod[]> {
  return (await api.get(PODS)).json<{ readonly items: readonly ShownPod[] }>().items;
}
function isReady({ status }: ShownPod): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
function networkOf({ status }: HostNode): Condition | undefined {
  return status.conditions?.find(({ type }) => type === 'NetworkUnavailable');
}
function within(node: string, address: string, seen: readonly HostNode[]): boolean {
  const range = seen.find(({ metadata }) => metadata.name === node)?.spec.podCIDR ?? 'none';
  return address.startsWith(range.replace(/\d+\/24$/, ''));
}
function host(name: string): Host {
  return cluster.hosts.get(name);
}
function addressOf(name: string): string {
  return addresses.get(name) ?? '';
}
function backendsOf(answers: readonly string[]): readonly string[] {
  return [...new Set(answers.map((answer) => answer.split(' ')[0] ?? ''))].sort();
}

/** What a server says to a pod, a host or `machine`; or how it failed: `EHOSTUNREACH`, `timeout`. */
async function askFrom(from: string, target: string): Promise<string> {
  return (await many(from, target, 1))[0] ?? '';
}
/** So many that each of three backends is left out once in a hundred million times. */
async function many(from: string, target: string, times = 48): Promise<readonly string[]> {
  const code = `
    const once = () => new Promise((done) => {
      const request = require('node:http').get('http://${target}/cgi-bin/who', { agent: false, timeout: 3000 }, (answer) => {
        let text = '';
        answer.on('data', (data) => (text += data)).on('end', () => done(text.trim().split('\\n')[0].replace(/\\[::ffff:(.*)\\]/, '$1')));
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', (error) => done(error.code ?? error.message));
    });
    (async () => { for (let i = 0; i < ${times}; i++) console.log(await once()); })();`;
  const { output } =
    from === 'machine' || from.startsWith('host-')
      ? await onHost(from, code)
      : await inPod(from, process.execPath, '-e', code);
  return output.trim().split('\n');
}
async function onHost(name: string, code: string): Promise<{ readonly output: string }> {
  if (name !== 'machine') return { output: await host(name).run(process.execPath, '-e', code) };
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  return { output: (await promisify(execFile)(process.execPath, ['-e', code])).stdout };
}
/** Runs a program of the host in the network of a pod. */
async function inPod(name: string, ...command: readonly string[]): Promise<{ readonly output: string }> {
  const shown = (await pods()).find(({ metadata }) => metadata.name === name);
  if (!shown) throw new Error(`there is no pod ${name}`);
  const on = host(shown.spec.nodeName);
  const filters = encodeURIComponent(JSON.stringify({ label: [`io.shiplog.pod.uid=${shown.metadata.uid}`] }));
  const { body } = await on.engine('GET', `/containers/json?filters=${filters}`);
  const [{ Id } = { Id: '' }] = body as readonly { readonly Id: string }[];
  const inspected = await on.engine('GET', `/containers/${Id}/json`);
  const { State } = inspected.body as { readonly State: { readonly Pid: number } };
  return { output: await on.run('nsenter', `--net=/proc/${State.Pid}/ns/net`, ...command) };
}
async function stopAgent(name: string): Promise<void> {
  await host(name).run(
    'sh',
    '-c',
    'kill $(pgrep -f [d]ist/apps/agent/main.js); while pgrep -f [d]ist/apps/agent/main.js > /dev/null; do sleep 0.1; done',
  );
}
