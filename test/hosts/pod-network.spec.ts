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
import { Asker } from './asker.js';
import { networkPolicyTests } from './network-policies.js';

/**
 * The network of pods on real containers: host-1 and host-2 reach each other by routes; host-3 insists on VXLAN, so that all paths
 * to and from it are of that. On host-2 services are led in user space. The machine that the hosts run on is the world outside.
 */
const NAMES = ['host-1', 'host-2', 'host-3'] as const;
const RELAYING = 'host-2';
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
const asker = new Asker({
  host,
  find: async (name) => {
    const pod = (await everyPod()).find(({ metadata }) => metadata.name === name);
    if (!pod) throw new Error(`there is no pod ${name}`);
    return { node: pod.spec.nodeName, uid: pod.metadata.uid };
  },
});
/** By the name of a pod: its address. */
const addresses = new Map<string, string>();

beforeAll(async () => {
  cluster = await HostCluster.start({
    nodes: NAMES.length,
    podCidr: POD_CIDR,
    agentEnv: (host) => ({
      ...(host === 'host-3' && { SHIPLOG_POD_NETWORK: 'vxlan' }),
      ...(host === RELAYING && { SHIPLOG_PROXY_MODE: 'userspace' }),
    }),
  });
  await cluster.nodesReady();
  api = new ApiClient(cluster.kubeconfig);
  for (const name of NAMES) {
    await create(PODS, pod(`web-${name}`, name, { labels: { app: 'web', at: name } }));
    await create(PODS, pod(`net-${name}`, name, { hostNetwork: true, port: PORT + 1 }));
  }
  await create(PODS, pod('published', 'host-1', { hostPort: HOST_PORT }));
  await create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'other', labels: { team: 'x' } },
  });
  await create('/api/v1/namespaces/other/pods', pod('visitor', 'host-3', {}));
  const ports = [{ port: 80, targetPort: PORT, nodePort: NODE_PORT }];
  await create(SERVICES, service('web', { type: 'NodePort', selector: { app: 'web' }, ports }));
  await until('all pods are Ready', pods, (all) => all.length === 7 && all.every(isReady), 120);
  await until('the visitor is Ready', everyPod, (all) => all.every(isReady), 60);
  for (const { metadata, status } of await everyPod()) addresses.set(metadata.name, status.podIP ?? '');
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
        expect(await asker.once(`web-${from}`, `${addressOf(`web-${to}`)}:${PORT}`)).toBe(
          `web-${to} ${addressOf(`web-${from}`)}`,
        );
    expect(await asker.inPod('web-host-1', 'cat', '/proc/net/route', '/proc/net/dev')).toContain('eth0');
    expect(await asker.inPod('web-host-1', 'ip', 'link', 'show', 'eth0')).toContain('mtu 1450');
  });

  it("takes each node to each pod, which sees an address of the node's range, and each pod to each node", async () => {
    const seen = await nodes();
    for (const from of NAMES) {
      for (const to of NAMES) {
        const answer = await asker.once(from, `${addressOf(`web-${to}`)}:${PORT}`);
        expect(answer).toMatch(new RegExp(`^web-${to} `));
        expect(within(from, answer.split(' ')[1] ?? '', seen)).toBe(true);
        const own = await asker.once(`web-${from}`, `${host(to).address}:${PORT + 1}`);
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
      expect(await asker.once(`web-${name}`, `${machine}:${port}`)).toBe(`machine ${host(name).address}`);
    server.close();
  });

  it('leads into services on other nodes: from pods with their own address, from nodes, and by the port of each node', async () => {
    const { clusterIP } = (await api.get(`${SERVICES}/web`)).json<{ readonly spec: { readonly clusterIP: string } }>()
      .spec;
    const all = NAMES.map((name) => `web-${name}`);
    const seen = await nodes();
    for (const name of NAMES) {
      const answers = await asker.often(`web-${name}`, `${clusterIP}:80`);
      expect(backendsOf(answers)).toEqual(all);
      for (const answer of answers) {
        const [server, client = ''] = answer.split(' ');
        expect(within(name, client, seen)).toBe(true);
        if (server !== `web-${name}`) expect(client === addressOf(`web-${name}`)).toBe(name !== RELAYING);
      }
      expect(backendsOf(await asker.often(name, `${clusterIP}:80`))).toEqual(all);
      expect(backendsOf(await asker.often('machine', `${host(name).address}:${NODE_PORT}`))).toEqual(all);
      expect(backendsOf(await asker.often('web-host-2', `${host(name).address}:${NODE_PORT}`))).toEqual(all);
    }
  }, 120_000);

  it('shows a client outside as it is where traffic stays on the node, and leads those inside to any pod', async () => {
    const ports = [{ port: 80, targetPort: PORT, nodePort: NODE_PORT + 1 }];
    const selector = { app: 'web' };
    await create(SERVICES, service('local', { type: 'NodePort', externalTrafficPolicy: 'Local', selector, ports }));
    for (const name of NAMES) {
      const answer = await until(
        'the port of the node is there',
        () => asker.once('machine', `${host(name).address}:${NODE_PORT + 1}`),
        (text) => text.startsWith('web-'),
      );
      const [server, client = ''] = answer.split(' ');
      expect(server).toBe(`web-${name}`);
      // What a node forwards itself has the node's address.
      if (name === RELAYING) expect(within(name, client, await nodes())).toBe(true);
      else expect(client).toMatch(/^198\.18\.\d+\.254$/);
    }
    // What is of the node itself may go to any.
    for (const name of NAMES)
      for (const from of [name, `web-${name}`]) {
        const answers = await asker.often(from, `${host(name).address}:${NODE_PORT + 1}`);
        expect([from, ...backendsOf(answers)]).toEqual([from, ...NAMES.map((one) => `web-${one}`)]);
      }
  });

  it("answers through the API's proxy, whose machine has no way to pods", async () => {
    const seen = await nodes();
    const tables = await host('control').run('ip', '-4', 'route', 'show');
    expect(tables).not.toContain(POD_CIDR.replace(/\.0\.0\/16$/, ''));
    for (const name of NAMES) {
      const { status, body } = await api.get(`${PODS}/web-${name}:${PORT}/proxy/cgi-bin/who`);
      const [server, client = ''] = String(body).trim().replace('[::ffff:', '').replace(']', '').split(' ');
      expect([status, server, within(name, client, seen)]).toEqual([200, `web-${name}`, true]);
    }
    expect(String((await api.get(`${SERVICES}/web:80/proxy/cgi-bin/who`)).body)).toMatch(/^web-host-\d /);
    expect(String((await api.get(`${PODS}/net-host-1:${PORT + 1}/proxy/cgi-bin/who`)).body)).toMatch(/^net-host-1 /);
  });

  it('takes pods of other nodes and clients outside to a port of the host', async () => {
    const at = `${host('host-1').address}:${HOST_PORT}`;
    expect(await asker.once('web-host-2', at)).toBe(`published ${addressOf('web-host-2')}`);
    expect(await asker.once('web-host-3', at)).toMatch(/^published /);
    expect(await asker.once('machine', at)).toMatch(/^published /);
  });

  networkPolicyTests({
    api: () => api,
    asker,
    addressOf,
    rules: (name) => host(name).run('nft', 'list', 'ruleset'),
    port: PORT,
    nodes: NAMES,
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
      () => asker.once('web-host-1', `${addressOf('web-host-3')}:${PORT}`),
      (text) => text === `web-host-3 ${addressOf('web-host-1')}`,
      90,
    );
    const now = new Map((await pods()).map(({ metadata, status }) => [metadata.name, status.podIP]));
    for (const [name, address] of now) expect(address).toBe(addressOf(name));
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
      () => asker.once('web-host-1', `${addressOf('web-host-2')}:${PORT}`),
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
    // It stays for half a minute, for connections that have begun.
    await until('there is no route to it', routes, (text) => !text.includes(range));
    expect(await asker.once('web-host-1', `${addressOf('web-host-2')}:${PORT}`)).toBe('EHOSTUNREACH');
  }, 120_000);

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
  const ports = [{ name: 'who', containerPort: port, ...(hostPort !== undefined && { hostPort }) }];
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
async function everyPod(): Promise<readonly ShownPod[]> {
  return (await api.get('/api/v1/pods')).json<{ readonly items: readonly ShownPod[] }>().items;
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

async function stopAgent(name: string): Promise<void> {
  await host(name).run(
    'sh',
    '-c',
    'kill $(pgrep -f [d]ist/apps/agent/main.js); while pgrep -f [d]ist/apps/agent/main.js > /dev/null; do sleep 0.1; done',
  );
}
