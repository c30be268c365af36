import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import type { Host } from '../support/hosts/index.js';
import { HostCluster } from '../support/hosts/host-cluster.js';
import { root } from '../support/hosts/tools.js';
import { BUSYBOX, until } from '../support/test-cluster.js';
import { PODS } from '../support/workloads.js';
import { Asker } from './asker.js';

/**
 * A cluster whose pods and services have addresses of IPv4 and IPv6, on real containers. At first its hosts have addresses of IPv4
 * alone, so that packets of IPv6 go by VXLAN; later they have some of IPv6 too. One leads services by nftables, one in user space.
 */
const NAMES = ['host-1', 'host-2'] as const;
const RELAYING = 'host-1';
const PORT = 8080;
const NODE_PORT = 30_186;
const DNS = '10.96.0.10';
const SERVICES = '/api/v1/namespaces/default/services';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
const SCRIPT = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n%s %s\\n" "$NAME" "$REMOTE_ADDR"\n';
const SERVE = [
  'mkdir -p /tmp/www/cgi-bin',
  'printf "%s" "$SCRIPT" > /tmp/www/cgi-bin/who',
  'chmod 755 /tmp/www/cgi-bin/who',
  `exec busybox httpd -f -p [::]:${PORT} -h /tmp/www`,
].join(' && ');

interface ShownNode {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly podCIDRs?: readonly string[] };
  readonly status: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}
interface ShownPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly hostIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}
interface ShownService {
  readonly spec: {
    readonly clusterIPs: readonly string[];
    readonly ipFamilies: readonly string[];
    readonly ipFamilyPolicy: string;
  };
}

let cluster: HostCluster;
let api: ApiClient;
let clusterIp6 = '';
const asker = new Asker({
  host,
  find: async (name) => {
    const { metadata, spec } = (await pods()).find((pod) => pod.metadata.name === name) as ShownPod;
    return { node: spec.nodeName, uid: metadata.uid };
  },
});
const BOTH = ['web-host-1', 'web-host-2'];
/** By the name of a pod: its address of IPv6. */
const addresses = new Map<string, string>();

beforeAll(async () => {
  cluster = await HostCluster.start({
    nodes: NAMES.length,
    env: {
      SHIPLOG_POD_CIDR: '10.253.0.0/16,fd00:10:253::/56',
      SHIPLOG_SERVICE_CIDR: '10.96.0.0/16,fd00:10:96::/108',
    },
    agentEnv: (node) => ({ ...(node === RELAYING && { SHIPLOG_PROXY_MODE: 'userspace' }) }),
  });
  await cluster.nodesReady();
  api = new ApiClient(cluster.kubeconfig);
  for (const name of NAMES) await create(PODS, pod(`web-${name}`, name));
  const spec = { type: 'NodePort', selector: { app: 'web' }, ipFamilyPolicy: 'RequireDualStack' };
  const ports = [{ port: 80, targetPort: PORT, nodePort: NODE_PORT }];
  const made = await create(SERVICES, service('web', { ...spec, ports }));
  clusterIp6 = (made as ShownService).spec.clusterIPs[1] ?? '';
  const seen = await until('all pods are Ready', pods, (all) => all.length === NAMES.length && all.every(isReady), 120);
  for (const { metadata, status } of seen) addresses.set(metadata.name, status.podIPs?.[1]?.ip ?? '');
}, 240_000);
afterAll(async () => {
  api?.close();
  await cluster?.stop();
}, 60_000);

describe('a cluster of two families', () => {
  it('gives nodes, pods and services addresses of both', async () => {
    const ranges = (await nodes()).map(({ spec }) => spec.podCIDRs);
    expect(ranges.map((all) => all?.length)).toEqual([2, 2]);
    expect(new Set(ranges.map((all) => all?.[1])).size).toBe(2);
    for (const { spec, status } of await pods()) {
      const range = (await nodes()).find(({ metadata }) => metadata.name === spec.nodeName)?.spec.podCIDRs?.[1] ?? '';
      expect(status.podIPs).toHaveLength(2);
      expect(status.podIPs?.[1]?.ip).toContain(range.replace(/:?:\/64$/, ':'));
    }
    expect((await api.get(`${SERVICES}/web`)).json<ShownService>().spec).toMatchObject({
      clusterIPs: [expect.stringMatching(/^10\.96\./), expect.stringMatching(/^fd00:10:96::/)],
      ipFamilies: ['IPv4', 'IPv6'],
    });
    const slices = (await api.get(SLICES)).json<{ readonly items: readonly { readonly addressType: string }[] }>();
    expect(slices.items.map(({ addressType }) => addressType).sort()).toEqual(['IPv4', 'IPv4', 'IPv6']);
  });

  it('takes pods to each other over IPv6 where hosts have addresses of IPv4 alone', async () => {
    await until('pods reach each other', asked, (said) => said.join() === seenByEachOther().join(), 30);
    expect(await host('host-1').run('ip', '-6', 'route')).toMatch(/fd00:10:253:\S* via \S+ dev slx/);
  });

  it('does so by routes once the hosts have addresses of IPv6 on one network, which nodes and pods show', async () => {
    for (const [i, name] of NAMES.entries()) {
      await host(name).run('ip', 'address', 'add', `fd00:198::${i + 1}/64`, 'dev', 'eth0', 'nodad');
      await host(name).run('ip', 'route', 'add', 'default', 'via', 'fd00:198::fe');
      await stopAgent(name);
      cluster.startAgent(host(name));
    }
    const addressed = await until('nodes show addresses of IPv6', nodes, (all) =>
      all.every(({ status }) => status.addresses?.some(({ address }) => address.startsWith('fd00:198::'))),
    );
    expect(addressed[0]?.status.addresses?.slice(0, 2)).toEqual([
      { type: 'InternalIP', address: host('host-1').address },
      { type: 'InternalIP', address: 'fd00:198::1' },
    ]);
    const routes = (): Promise<string> => host('host-1').run('ip', '-6', 'route');
    await until('there is a route', routes, (text) => /fd00:10:253:\S* via fd00:198::2 dev eth0/.test(text), 60);
    await until('pods reach each other', asked, (said) => said.join() === seenByEachOther().join(), 30);
    await until('pods show them too', pods, (all) => all.every(({ status }) => status.hostIPs?.length === 2), 60);
  });

  it('leads its services at their addresses of IPv6, from pods and from nodes, by nftables and in user space', async () => {
    for (const from of ['web-host-1', 'web-host-2', ...NAMES])
      expect([from, ...backendsOf(await asker.often(from, `[${clusterIp6}]:80`))]).toEqual([from, ...BOTH]);
    for (const [from, to] of [
      ['host-1', 'fd00:198::2'],
      ['host-2', 'fd00:198::1'],
    ] as const)
      expect([from, ...backendsOf(await asker.often(from, `[${to}]:${NODE_PORT}`))]).toEqual([from, ...BOTH]);
  });

  it('answers with these addresses in DNS, and with the name of one', async () => {
    const code = `
      const resolver = new (require('node:dns').promises.Resolver)();
      resolver.setServers(['${DNS}']);
      const name = 'web.default.svc.cluster.local';
      Promise.all([resolver.resolve4(name), resolver.resolve6(name), resolver.reverse('${clusterIp6}')])
        .then((all) => console.log(JSON.stringify(all)), (error) => console.log(error.message));`;
    const { spec } = (await api.get(`${SERVICES}/web`)).json<ShownService>();
    const said = await asker.inPod('web-host-1', process.execPath, '-e', code);
    expect(JSON.parse(said)).toEqual([[spec.clusterIPs[0]], [clusterIp6], ['web.default.svc.cluster.local']]);
  });

  it('isolates pods in both families', async () => {
    const to = `[${addresses.get('web-host-2')}]:${PORT}`;
    const spec = { podSelector: { matchLabels: { at: 'host-2' } }, policyTypes: ['Ingress'] };
    await create(POLICIES, { metadata: { name: 'closed' }, spec });
    await until(
      'nobody is let in',
      () => asker.once('web-host-1', to),
      (said) => said === 'timeout',
      30,
    );
    const ipBlock = { cidr: 'fd00:10:253::/56' };
    await create(POLICIES, { metadata: { name: 'open' }, spec: { ...spec, ingress: [{ from: [{ ipBlock }] }] } });
    await until(
      'pods are let in',
      () => asker.once('web-host-1', to),
      (said) => said.startsWith('web-host-2'),
      30,
    );
  });

  it('makes a service single-stack again, which gives its address of IPv6 back', async () => {
    const changed = await api.call('PATCH', `${SERVICES}/web`, {
      body: { spec: { ipFamilyPolicy: 'SingleStack' } },
      contentType: 'application/merge-patch+json',
    });
    expect(changed.status).toBe(200);
    const gone = async (): Promise<number> =>
      (await api.get(`/apis/networking.k8s.io/v1/ipaddresses/${clusterIp6}`)).status;
    await until('the address is free', gone, (status) => status === 404, 30);
    await until(
      'nobody answers there',
      () => asker.once('host-1', `[${clusterIp6}]:80`),
      (said) => !said.startsWith('web'),
      30,
    );
  });
});

describe('npm run down', () => {
  it('leaves nothing of either family', async () => {
    const ipFamilyPolicy = 'RequireDualStack';
    await create(SERVICES, service('last', { ipFamilyPolicy, selector: { app: 'web' }, ports: [{ port: PORT }] }));
    await until(
      'the last service is led',
      () => shownOf(RELAYING, ['ip', '-6', 'addr', 'show', 'dev', 'lo']),
      (text) => text.includes('fd00:10:96::'),
      30,
    );
    const before = await leftOn('host-2');
    for (const what of ['shiplog_', 'shiplognet_', 'shiplogpol_'])
      for (const family of ['ip', 'ip6']) expect(before).toContain(`table ${family} ${what}`);
    const mark = /shiplognet_([^_]+)_/.exec(before)?.[1] ?? '';
    const code = `(await import('${join(root, 'tools/remove.mjs')}')).removeServiceRules('${mark}');`;
    for (const name of NAMES) {
      await stopAgent(name);
      await host(name).run(process.execPath, '--input-type=module', '-e', code);
      const after = await leftOn(name);
      expect(after).not.toContain('shiplog');
      expect(after).not.toContain('metric');
      expect(after).not.toMatch(/10\.96\.|fd00:10:96:/);
    }
  });
});

async function leftOn(name: string): Promise<string> {
  const shown: string[] = [];
  for (const words of [
    ['nft', 'list', 'tables'],
    ['ip', '-4', 'route', 'show', 'proto', '83'],
    ['ip', '-6', 'route', 'show', 'proto', '83'],
    ['ip', 'addr', 'show', 'dev', 'lo'],
  ] as const)
    shown.push(await shownOf(name, words));
  return shown.join('\n');
}
function shownOf(name: string, words: readonly [string, ...string[]]): Promise<string> {
  return host(name).run(...words);
}
async function asked(): Promise<readonly string[]> {
  const said: string[] = [];
  for (const [from, to] of PAIRS) said.push(await asker.once(from, `[${addresses.get(to)}]:${PORT}`));
  return said;
}
function seenByEachOther(): readonly string[] {
  return PAIRS.map(([from, to]) => `${to} [${addresses.get(from)}]`);
}
const PAIRS = [
  ['web-host-1', 'web-host-2'],
  ['web-host-2', 'web-host-1'],
] as const;

function pod(name: string, nodeName: string): object {
  const env = Object.entries({ NAME: name, SCRIPT }).map(([key, value]) => ({ name: key, value }));
  const readinessProbe = { tcpSocket: { port: PORT }, periodSeconds: 1 };
  const container = { name: 'c', image: BUSYBOX, command: ['sh', '-c', SERVE], env, readinessProbe };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'web', at: nodeName } },
    spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [container] },
  };
}
function service(name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}
async function create(path: string, body: object): Promise<unknown> {
  const answer = await api.call('POST', path, { body });
  expect(answer.status).toBe(201);
  return answer.json();
}
async function nodes(): Promise<readonly ShownNode[]> {
  return (await api.get('/api/v1/nodes')).json<{ readonly items: readonly ShownNode[] }>().items;
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
