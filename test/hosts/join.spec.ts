import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kubectl } from '../../tools/clients.mjs';
import { root } from '../../tools/cluster.mjs';
import { JoinClient, joinTokenOf, newUserKey, nodeRequest } from '#adapters';
import { kubelet } from '#loops';
import { ApiClient, type ApiObject } from '../support/api-client.js';
import { HostCluster } from '../support/hosts/host-cluster.js';
import type { Host } from '../support/hosts/index.js';
import { until } from '../support/test-cluster.js';

/** A control plane on one host, and machines that become its nodes by the command that it prints. */
let cluster: HostCluster;
let api: ApiClient;
let one: Host;
let two: Host;
let words: readonly string[] = [];
/** What approves requests without anybody's doing. */
let binding: object = {};

const NODES = '/api/v1/nodes';
const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const AUTO = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/shiplog:node-autoapprove';

beforeAll(async () => {
  const agentEnv = { SHIPLOG_SYSTEM_RESERVED: 'cpu=100m', SHIPLOG_KUBE_RESERVED: 'memory=64Mi' };
  cluster = await HostCluster.start({ nodes: 0, spare: 2, agentEnv: () => agentEnv });
  api = new ApiClient(cluster.kubeconfig);
  one = cluster.hosts.get('spare-1');
  two = cluster.hosts.get('spare-2');
});
afterAll(async () => {
  api?.close();
  await cluster?.stop();
});

describe('a machine that is to join', () => {
  it('reaches nothing before there is a token', async () => {
    const typed = [`${cluster.control.address}:4222`, '--token', 'abc123.0123456789abcdef', '--ca-hash', hash('0')];
    await expect(cluster.join(one, typed)).rejects.toThrow(
      `The control plane at ${cluster.control.address}:4222 cannot be reached (ECONNREFUSED): check the address, and that its firewall lets TCP port 4222 through.`,
    );
  });

  it('is refused with one sentence, and keeps nothing of it, when the token or the cluster is another, or a word is wrong', async () => {
    words = await cluster.joinWords('--ttl', '1h', '--description', 'for the test');
    expect(words[0]).toBe(`${cluster.control.address}:4222`);
    const another = 'Make a new one there with "npx shiplog node token create".';
    const refusals: readonly (readonly [readonly string[], string])[] = [
      [
        replaced('--token', 'abc123.0123456789abcdef'),
        `does not know this token: it is wrong, or was removed. ${another}`,
      ],
      [replaced('--token', `${word('--token').slice(0, 7)}0123456789abcdef`), 'does not know this token'],
      [replaced('--ca-hash', hash('1')), `its CA has the hash ${word('--ca-hash')}, not ${hash('1')}.`],
      [words.slice(0, 3), 'Say which cluster is meant by --ca-hash sha256:'],
      [[...words, '--name', 'No_Name'], 'cannot be the name of a node'],
    ];
    for (const [typed, sentence] of refusals) {
      const said = await cluster.join(one, typed).then(() => 'it joined', String);
      expect(said).toContain(sentence);
      expect(said.trim().split('\n')).toHaveLength(1);
    }
    expect(left(one)).toEqual([]);
    expect(await items(REQUESTS)).toEqual([]);
  });

  it('is told both times when its clock is off, when the token has ended, and when it is not what it says', async () => {
    const now = Date.now();
    expect(await asked({ now: now - 3_600_000 })).toMatch(
      /^The clock of this machine says 20\S+Z, and that of the control plane 20\S+Z: set it/,
    );
    expect(await asked({ now, name: 'other' })).toBe('The request is not one of a node with the name n9.');
    const path = `/api/v1/namespaces/kube-system/secrets/bootstrap-token-${word('--token').slice(0, 6)}`;
    const end = (expiration: string): Promise<unknown> =>
      api.call('PATCH', path, { body: { stringData: { expiration } }, contentType: 'application/merge-patch+json' });
    await end('2026-01-01T00:00:00Z');
    expect(await asked({ now })).toMatch(/^The token \w{6} has ended at 2026-01-01T00:00:00Z. Make a new one/);
    await end('2999-01-01T00:00:00Z');
  });

  it('is a node soon after the command, with its labels and taints', async () => {
    const begin = performance.now();
    await cluster.join(one, [...words, '--label', 'disk=ssd', '--taint', 'gpu=yes:NoSchedule']);
    await until(
      'the node is Ready',
      () => readiness('spare-1'),
      (status) => status === 'True',
    );
    expect((performance.now() - begin) / 1000).toBeLessThan(60);
    const node = (await api.get(`${NODES}/spare-1`)).json<NodeObject>();
    expect(node.metadata.labels).toMatchObject({ disk: 'ssd', 'kubernetes.io/hostname': 'spare-1' });
    expect(node.spec.taints).toContainEqual({ key: 'gpu', value: 'yes', effect: 'NoSchedule' });
    const { capacity, allocatable } = node.status;
    expect(quantity(capacity?.cpu) - quantity(allocatable?.cpu)).toBeCloseTo(0.1);
    // And the 50 MiB of memory that test hosts keep free.
    expect(quantity(capacity?.memory) - quantity(allocatable?.memory)).toBe((64 + 50) * 2 ** 20);
    expect(await cluster.shiplog('node', 'list')).toMatch(/^spare-1 +Ready +198\.18\.\d+\.\d+ +until 20\S+Z$/m);
    await expect(cluster.join(one, words)).rejects.toThrow(
      'This machine has joined a cluster already, as the node spare-1: "npx shiplog node start" starts its agent',
    );
    await expect(cluster.join(one, [...words, '--name', 'other'])).rejects.toThrow('as the node spare-1');
  });

  it('may not have the name of another', async () => {
    const said = await cluster.join(two, [...words, '--name', 'spare-1']).then(() => 'it joined', String);
    expect(said).toContain('There is a node spare-1 already. Choose another name with --name;');
    expect(left(two)).toEqual([]);
  });

  it('leaves the secret of its token nowhere', async () => {
    const secret = word('--token').slice(7);
    const processes = await one.run(
      'sh',
      '-c',
      'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" " "',
    );
    expect(processes).toContain('agent/main.js');
    expect(processes).not.toContain(secret);
    expect(cluster.output + readFileSync(join(one.folder, 'shiplog', 'agent.log'), 'utf8')).not.toContain(secret);
    expect((await api.get('/api/v1/events')).body.toString()).not.toContain(secret);
    // Sealed in the log; the bus has a public key. (grep itself has the secret on its command line.)
    const found = await cluster.control.run('sh', '-c', 'grep -rlF "$1" "$0" || true', cluster.home, secret);
    expect(found.trim()).toBe('');
  });

  it('waits for whoever approves nodes by hand, and takes the token from a file', async () => {
    const { metadata: _metadata, ...rest } = (await api.get(AUTO)).json();
    binding = { ...rest, metadata: { name: 'shiplog:node-autoapprove' } };
    await api.call('DELETE', AUTO);
    const typed = [words[0] ?? '', ...words.slice(3), '--token-file', '/dev/stdin'];
    const joining = two.run('sh', '-c', `echo ${word('--token')} | ${commandOf(two, typed)}`);
    const all = await until(
      'a request is there',
      () => items(REQUESTS),
      (seen) => seen.some(isOpen),
    );
    const open = all.find(isOpen);
    expect(open?.spec.username).toBe(`system:bootstrap:${word('--token').slice(0, 6)}`);
    const approved = { type: 'Approved', status: 'True', reason: 'ByHand', message: 'seen' };
    const path = `${REQUESTS}/${open?.metadata.name}/approval`;
    expect((await api.call('PUT', path, { body: { ...open, status: { conditions: [approved] } } })).status).toBe(200);
    expect(await joining).toContain('This machine is the node spare-2.');
    await until(
      'the node is Ready',
      () => readiness('spare-2'),
      (status) => status === 'True',
    );
  });
});

describe('a node that is removed', () => {
  it('is cut off from the bus, is refused, and can join again with its data in their place', async () => {
    expect(await cluster.shiplog('node', 'remove', 'spare-1')).toContain('The node spare-1 is removed');
    const log = join(one.folder, 'shiplog', 'agent.log');
    await until(
      'the bus refuses its agent',
      () => Promise.resolve(readFileSync(log, 'utf8')),
      (text) => /authorization violation|user authentication (expired|revoked)/i.test(text),
    );
    expect((await api.get(`${NODES}/spare-1`)).status).toBe(404);
    await expect(cluster.shiplog('node', 'remove', 'spare-1')).rejects.toThrow('There is no node spare-1.');
    const before = credentialOf(one);
    expect((await api.call('POST', dirname(AUTO), { body: binding })).status).toBe(201);
    await cluster.join(one, words);
    await until(
      'the node is Ready',
      () => readiness('spare-1'),
      (status) => status === 'True',
    );
    expect(credentialOf(one)).not.toBe(before);
    // As it was told when it joined at first.
    const node = (await api.get(`${NODES}/spare-1`)).json<NodeObject>();
    expect(node.metadata.labels).toMatchObject({ disk: 'ssd' });
  });

  it('is back with its credential after power off', async () => {
    await one.powerOff();
    await cluster.boot(one);
    await until(
      'its agent is heard again',
      () => api.get(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/spare-1`),
      (answer) => Date.now() - Date.parse(answer.json<{ spec: { renewTime: string } }>().spec.renewTime) < 5_000,
    );
  });
});

/** What docs/nodes.md says to type on which machine, as it stands there but for names and addresses. */
describe('docs/nodes.md, from one machine to three', () => {
  const page = readFileSync(join(root, 'docs/nodes.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh machine-(\d)\n(.*?)^```$/gms)];
  const commands = blocks.flatMap(([, machine = '', text = '']) =>
    text
      .trim()
      .split('\n')
      .map((command) => ({ machine, command })),
  );
  let printed = '';

  beforeAll(async () => {
    for (const host of [one, two]) {
      await cluster.shiplog('node', 'remove', host.name);
      await host.run('env', ...environmentOf(host), process.execPath, join(root, 'tools/down.mjs'));
    }
  });

  it('names its machines and the port', () => {
    expect(new Set(commands.map(({ machine }) => machine))).toEqual(new Set(['1', '2', '3']));
    // What the cluster of this suite was started with.
    expect(commands[0]).toEqual({ machine: '1', command: 'export SHIPLOG_BUS_PORT=4222' });
    expect(commands[1]).toEqual({ machine: '1', command: 'npm start' });
  });

  it.each(commands.slice(2))('machine $machine: $command', async ({ machine, command }) => {
    const host = machine === '1' ? cluster.control : machine === '2' ? one : two;
    const [program, ...typed] = command.replaceAll('machine-2', one.name).replaceAll('machine-3', two.name).split(' ');
    if (program === 'kubectl') {
      await host.run(kubectl(), '--kubeconfig', cluster.kubeconfig, ...typed);
      return;
    }
    expect(`${program} ${typed[0]}`).toBe('npx shiplog');
    const shiplogWords = typed.slice(1);
    if (machine === '1') {
      const said = await cluster.shiplog(...shiplogWords);
      if (shiplogWords[1] === 'token') printed = /^npx shiplog node join (.*)$/m.exec(said)?.[1] ?? '';
      if (shiplogWords[1] === 'list') expect(said.match(/^spare-\d /gm)).toHaveLength(2);
    } else if (shiplogWords[1] === 'join') {
      const shape = (text: string): string => text.replace(/\S+:4222|\w{6}\.\w{16}|(?<=sha256:)\S+/g, '*');
      expect(shape(shiplogWords.slice(2).join(' '))).toBe(shape(printed));
      await cluster.join(host, printed.split(' '));
    } else {
      expect(shiplogWords).toEqual(['down']);
      await host.run('env', ...environmentOf(host), process.execPath, join(root, 'tools/down.mjs'));
      expect(left(host)).toEqual([]);
    }
  });
});

interface NodeObject extends ApiObject {
  readonly metadata: ApiObject['metadata'] & { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly capacity?: Amounts;
    readonly allocatable?: Amounts;
  };
}
interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}
interface SigningRequest extends ApiObject {
  readonly spec: { readonly username: string };
  readonly status?: { readonly conditions?: readonly unknown[] };
}

function quantity(text: string | undefined): number {
  return kubelet.amountOf(text) ?? NaN;
}
function isOpen({ status }: SigningRequest): boolean {
  return (status?.conditions ?? []).length === 0;
}
async function items(path: string): Promise<readonly SigningRequest[]> {
  return (await api.get(path)).json<{ readonly items: readonly SigningRequest[] }>().items;
}
async function readiness(name: string): Promise<string | undefined> {
  const { status } = (await api.get(`${NODES}/${name}`)).json<Partial<NodeObject>>();
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** What the control plane answers a machine that asks by itself, without the command. */
async function asked({ now, name = 'n9' }: { readonly now: number; readonly name?: string }): Promise<unknown> {
  const token = joinTokenOf(word('--token'));
  if (token === undefined) throw new Error('no token');
  const { address: host } = cluster.control;
  const client = await JoinClient.connect({ host, port: 4222, token, caHash: word('--ca-hash') });
  try {
    return (await client.ask({ node: 'n9', request: await nodeRequest(name, newUserKey().seed), now }))['why'];
  } finally {
    client.close();
  }
}

function word(option: string): string {
  return words[words.indexOf(option) + 1] ?? '';
}
function replaced(option: string, value: string): readonly string[] {
  return words.map((text, i) => (words[i - 1] === option ? value : text));
}
function hash(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

function credentialOf(host: Host): string {
  return readFileSync(join(host.folder, 'shiplog/agent', host.name, 'credentials.json'), 'utf8');
}

/** What the data folder of a host holds. */
function left(host: Host): readonly string[] {
  const folder = join(host.folder, 'shiplog');
  return existsSync(folder) ? readdirSync(folder) : [];
}
function environmentOf(host: Host): readonly string[] {
  return [`SHIPLOG_HOME=${join(host.folder, 'shiplog')}`, `DOCKER_HOST=unix://${host.socket}`];
}
function commandOf(host: Host, typed: readonly string[]): string {
  const program = [process.execPath, '--no-warnings', join(root, 'dist/apps/cli/main.js')];
  return ['env', ...environmentOf(host), ...program, 'node', 'join', ...typed].join(' ');
}
