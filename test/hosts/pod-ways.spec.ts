import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubectl } from '../../tools/clients.mjs';
import { ApiClient } from '../support/api-client.js';
import { HostCluster } from '../support/hosts/host-cluster.js';
import type { Host } from '../support/hosts/index.js';
import { root } from '../support/hosts/tools.js';
import { BUSYBOX, until } from '../support/test-cluster.js';
import { PODS } from '../support/workloads.js';
import { Asker } from './asker.js';

/**
 * By which way pods are reached where nodes are on one network that may drop what has the address of a pod, as those of clouds do. The
 * hosts check the sources of packets differently: host-1 not at all, host-2 strictly, host-3 loosely.
 */
const NAMES = ['host-1', 'host-2', 'host-3'] as const;
const POD_CIDR = '10.252.0.0/16';
const PORT = 8080;
const DIRECT = 'pods of other nodes are reached by routes';
const SOURCES_CHECKED = { 'host-1': 0, 'host-2': 1, 'host-3': 2 } as const;

interface ShownNode {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly podCIDR?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}
interface ShownPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP?: string; readonly conditions?: readonly { type: string; status: string }[] };
}

let cluster: HostCluster;
let api: ApiClient;
const addresses = new Map<string, string>();
const asker = new Asker({
  host,
  find: async (name) => {
    const pod = (await pods()).find(({ metadata }) => metadata.name === name);
    if (!pod) throw new Error(`there is no pod ${name}`);
    return { node: pod.spec.nodeName, uid: pod.metadata.uid };
  },
});

beforeAll(async () => {
  cluster = await HostCluster.start({ nodes: NAMES.length, podCidr: POD_CIDR });
  for (const name of NAMES)
    for (const device of ['all', 'eth0'])
      await host(name).run('sysctl', '-qw', `net.ipv4.conf.${device}.rp_filter=${SOURCES_CHECKED[name]}`);
  await cluster.nodesReady();
  api = new ApiClient(cluster.kubeconfig);
  for (const name of NAMES) expect((await api.call('POST', PODS, { body: pod(name) })).status).toBe(201);
  const seen = await until('all pods are Ready', pods, (all) => all.length === 3 && all.every(isReady), 120);
  for (const { metadata, status } of seen) addresses.set(metadata.name, status.podIP ?? '');
}, 240_000);
afterAll(async () => {
  api?.close();
  await cluster?.stop();
}, 60_000);

describe('the way to pods of other nodes', () => {
  it('is the route where that works, and at rest there is no device of VXLAN', async () => {
    await until('all nodes say so', messages, (all) => all.every((one) => one === DIRECT));
    expect(await joined()).toEqual([]);
    // On a busy machine questions may be lost, each of which has it made ready.
    const links = (): Promise<readonly string[]> =>
      Promise.all(NAMES.map((name) => host(name).run('ip', '-o', 'link')));
    await until('it is nowhere', links, (all) => !all.join('').includes('slx'), 60);
    await until('all nodes still say so', messages, (all) => all.every((one) => one === DIRECT));
  });

  it('becomes the overlay within fifteen seconds where the network drops addresses of pods, as each node says', async () => {
    await cluster.hosts.links.dropAddresses(POD_CIDR);
    const began = performance.now();
    await until('all pods reach each other', joined, (apart) => apart.length === 0, 30);
    expect(performance.now() - began).toBeLessThan(BUSY * 15_000);
    const gateways = await gatewaysByNode();
    const others = (name: string): readonly string[] => NAMES.filter((one) => one !== name);
    const wanted = NAMES.map((name) => {
      const [one = '', other = ''] = others(name);
      return `pods of ${one} and ${other} are reached through the overlay: the direct ways to ${gateways.get(one)} and ${gateways.get(other)} do not answer`;
    });
    await until('all nodes say so', messages, (all) => all.join('\n') === wanted.join('\n'), 30);
    const { stdout } = await promisify(execFile)(kubectl(), [
      '--kubeconfig',
      cluster.kubeconfig,
      'describe',
      'node',
      'host-1',
    ]);
    expect(stdout).toMatch(new RegExp(`NetworkUnavailable +False .*${wanted[0]}`));
  }, 120_000);

  it('stays the overlay when an agent is started anew, without a gap', async () => {
    const stopped = new AbortController();
    const failures = keepAsking('host-1', 'host-2', stopped.signal);
    await stopAgent('host-2');
    cluster.startAgent(host('host-2'));
    await until(
      'the agent is back',
      async () => host('host-2').run('ss', '-Hlun', 'sport', '=', ':8473'),
      (text) => text.includes(':8473'),
      60,
    );
    await new Promise((resolve) => setTimeout(resolve, 4000));
    stopped.abort();
    expect(await failures).toEqual([]);
  }, 120_000);

  it('is the overlay soon for a machine that was off, which begins with the route', async () => {
    await host('host-3').powerOff();
    await cluster.boot(host('host-3'));
    const ways = (): Promise<string> => host('host-3').run('ip', '-4', 'route', 'show', 'proto', '83');
    await until('it has ways', ways, (text) => text.includes(' via '), 60);
    const began = performance.now();
    await until('they are of the overlay', ways, (text) => (text.match(/ via .* dev slx/g) ?? []).length === 2, 30);
    expect(performance.now() - began).toBeLessThan(BUSY * 5000);
    await cluster.nodesReady();
    const ready = await until('its pod is Ready', pods, (all) => all.length === 3 && all.every(isReady), 60);
    for (const { metadata, status } of ready) addresses.set(metadata.name, status.podIP ?? '');
    asker.forget();
    await until('all pods reach each other', joined, (apart) => apart.length === 0, 30);
  }, 200_000);

  it('stays as it was for a node that is dead', async () => {
    const route = async (): Promise<string> => (await host('host-1').run('ip', '-4', 'route', 'show')).trim();
    const before = await route();
    await cluster.hosts.links.cut('host-3');
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(await route()).toBe(before);
    await cluster.hosts.links.heal('host-3');
    await until('its pods are reached', joined, (apart) => apart.length === 0, 60);
  }, 120_000);

  it('is the route again when the network lets them through, without a gap where sources are not checked strictly', async () => {
    const stopped = new AbortController();
    const failures = keepAsking('host-1', 'host-3', stopped.signal);
    await cluster.hosts.links.heal();
    const began = performance.now();
    await until('all nodes say so', messages, (all) => all.every((one) => one === DIRECT), 60);
    const ms = performance.now() - began;
    expect(ms).toBeGreaterThan(8000);
    expect(ms).toBeLessThan(BUSY * 20_000);
    stopped.abort();
    expect(await failures).toEqual([]);
    expect(await joined()).toEqual([]);
    const left = async (): Promise<string> => host('host-1').run('sh', '-c', 'ip -4 rule; ip -o link');
    await until('nothing is left of the overlay', left, (text) => !/8473|8474|slx/.test(text), 60);
  }, 200_000);

  it('is the overlay in both directions where only one of them is lost', async () => {
    await cluster.hosts.links.dropAddresses(POD_CIDR, 'host-1');
    await until('all pods reach each other', joined, (apart) => apart.length === 0, 40);
    const range = (await gatewaysByNode()).get('host-1')?.replace(/1$/, '0/24') ?? '';
    for (const name of ['host-2', 'host-3'])
      await until(
        'the other side uses it too',
        () => host(name).run('ip', '-4', 'route', 'show', range),
        (text) => text.includes('slx'),
      );
    expect(await joined()).toEqual([]);
    expect(await host('host-2').run('ip', '-4', 'route', 'show', 'proto', '83')).toContain(
      `via ${host('host-3').address} `,
    );
  }, 120_000);

  it('leaves nothing behind when the cluster is removed', async () => {
    const left = async (): Promise<string> =>
      host('host-1').run('sh', '-c', 'ip -4 rule; ip -4 route show table all proto 83; ip -o link; nft list tables');
    await stopAgent('host-1');
    expect(await left()).toMatch(/dport 8473[^]* table [^]*slx[^]*shiplognet_/);
    const remove = `const { removeServiceRules } = await import('${join(root, 'tools/remove.mjs')}');
      const { execFileSync } = await import('node:child_process');
      const tables = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
      removeServiceRules(/shiplognet_([^_]+)_/.exec(tables)[1]);`;
    await host('host-1').run(process.execPath, '--input-type=module', '-e', remove);
    expect(await left()).not.toMatch(/8473|8474| table |slx|shiplognet_/);
  }, 60_000);
});

/** Other suites may run at the same time. */
const BUSY = 2;

/** Pairs of which the first does not reach the second. */
async function joined(): Promise<readonly string[]> {
  const all = NAMES.map((name) => `${addresses.get(`web-${name}`)}:${PORT}`);
  const answers = await Promise.all(NAMES.map((name) => asker.each(`web-${name}`, all)));
  return NAMES.flatMap((from, i) =>
    NAMES.filter((to, j) => answers[i]?.[j] !== `web-${to} ${addresses.get(`web-${from}`)}`).map(
      (to) => `${from} ${to}`,
    ),
  );
}
/** What went wrong while pods of one host asked those of another, four times a second. */
async function keepAsking(from: string, to: string, stopped: AbortSignal): Promise<readonly string[]> {
  const failures: string[] = [];
  const target = `${addresses.get(`web-${to}`)}:${PORT}`;
  while (!stopped.aborted) {
    const [answer = ''] = await asker.each(`web-${from}`, [target]);
    if (!answer.startsWith(`web-${to} `)) failures.push(answer);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return failures;
}

/** Answers each request with the name of the pod and the address of who asks. */
function pod(nodeName: string): object {
  const script = `#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\nweb-${nodeName} %s\\n" "$REMOTE_ADDR"\n`;
  const serve = [
    'mkdir -p /tmp/www/cgi-bin',
    'printf "%s" "$SCRIPT" > /tmp/www/cgi-bin/who',
    'chmod 755 /tmp/www/cgi-bin/who',
    `exec busybox httpd -f -p ${PORT} -h /tmp/www`,
  ].join(' && ');
  const container = {
    name: 'main',
    image: BUSYBOX,
    command: ['sh', '-c', serve],
    env: [{ name: 'SCRIPT', value: script }],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${nodeName}` },
    spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [container] },
  };
}
async function nodes(): Promise<readonly ShownNode[]> {
  return (await api.get('/api/v1/nodes')).json<{ readonly items: readonly ShownNode[] }>().items;
}
async function messages(): Promise<readonly string[]> {
  return (await nodes()).map(
    ({ status }) => status.conditions?.find(({ type }) => type === 'NetworkUnavailable')?.message ?? '',
  );
}
async function gatewaysByNode(): Promise<ReadonlyMap<string, string>> {
  return new Map(
    (await nodes()).map(({ metadata, spec }) => [metadata.name, spec.podCIDR?.replace('0/24', '1') ?? '']),
  );
}
async function pods(): Promise<readonly ShownPod[]> {
  return (await api.get(PODS)).json<{ readonly items: readonly ShownPod[] }>().items;
}
function isReady({ status }: ShownPod): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
function host(name: string): Host {
  return cluster.hosts.get(name);
}
async function stopAgent(name: string): Promise<void> {
  const agent = '[d]ist/apps/agent/main.js';
  await host(name).run(
    'sh',
    '-c',
    `kill $(pgrep -f ${agent}); while pgrep -f ${agent} > /dev/null; do sleep 0.1; done`,
  );
}
