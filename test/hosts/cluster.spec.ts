import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../tools/cluster.mjs';
import { ApiClient } from '../support/api-client.js';
import type { NodeStatus } from '../support/hosts/host-cluster.js';
import { BUSYBOX, until } from '../support/test-cluster.js';
import { DEPLOYMENTS, deployment, PODS } from '../support/workloads.js';
import { presentOf, runIn, type Run } from './left-over.js';

/** `npm run hosts` as a person uses it: a cluster of three, faults given from another terminal, Ctrl-C. */
let home: string;
let folder: string;
let hosts: Started;
let api: ApiClient;
let run: Run;

beforeAll(async () => {
  home = mkdtempSync(join(realpathSync(tmpdir()), 'shiplog-home-'));
  folder = join(home, 'hosts');
  hosts = started('--nodes', '3');
  await hosts.says('Ready. Your kubeconfig is');
  run = runIn(folder);
  api = new ApiClient(join(folder, 'kubeconfig'));
});
afterAll(async () => {
  api?.close();
  hosts.child.kill('SIGTERM');
  await tool('down').catch(() => undefined);
  rmSync(home, { recursive: true, force: true });
});

describe('a cluster on test hosts', () => {
  it('has three nodes that are Ready, each with addresses and a network of its own', async () => {
    const seen = await nodes();
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['host-1', 'host-2', 'host-3']);
    expect(seen.map(readiness)).toEqual(['True', 'True', 'True']);
    expect(new Set(seen.map(({ spec }) => spec?.podCIDR)).size).toBe(3);
  });

  it('runs a pod on each', async () => {
    const spread = {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'spread' } },
    };
    const body = deployment('spread', 3, {}, { command: ['httpd', '-f', '-p', '8080'] }) as Template;
    Object.assign(body.spec.template.spec, { topologySpreadConstraints: [spread] });
    expect((await api.call('POST', DEPLOYMENTS, { body })).status).toBe(201);
    const on = await until('a pod is Ready on each node', nodesOfReadyPods, (names) => names.length === 3);
    expect(on).toEqual(['host-1', 'host-2', 'host-3']);
    expect(BUSYBOX).toBe('shiplog.local/busybox:1');
  });

  it('answers at an address for a Service of type LoadBalancer, from another host when the one that has it is off', async () => {
    const manifest = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'spread' },
      spec: {
        ...{ type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
        ...{ selector: { app: 'spread' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    };
    const at = '/api/v1/namespaces/default/services';
    expect((await api.call('POST', at, { body: manifest })).status).toBe(201);
    const address = await until(
      'it has an address',
      async () => (await api.get(`${at}/spread`)).json<BalancedService>().status.loadBalancer.ingress?.[0]?.ip ?? '',
      (ip) => /^198\.18\.\d+\.24\d$/.test(ip),
    );
    // There is no page; that is the pod's own answer.
    const answers = (): Promise<boolean> => answersWith(404, `http://${address}/`);
    await until('it answers', answers, (does) => does);
    const { healthCheckNodePort } = (await api.get(`${at}/spread`)).json<BalancedService>().spec;
    for (const { status } of await nodes()) {
      const host = status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
      const says = (): Promise<boolean> => answersWith(200, `http://${host}:${healthCheckNodePort}/`);
      await until(`${host} says that it has an endpoint`, says, (does) => does);
    }
    const holder = await holderOf(address);
    await tool('hosts', 'off', holder);
    await until('another host answers', answers, (does) => does, 120);
    expect(await holderOf(address)).not.toBe(holder);
    await tool('hosts', 'on', holder);
    await until('the node is Ready', nodes, (seen) => seen.map(readiness).join() === 'True,True,True', 120);
    await until('a pod is Ready on each node', nodesOfReadyPods, (names) => names.length === 3, 120);
  });

  it('a host whose cable is pulled by another command is lost, and back when that is healed', async () => {
    await tool('hosts', 'cut', 'host-2');
    await until('the node is not Ready', nodes, (seen) => seen.map(readiness).join() === 'True,Unknown,True', 120);
    await tool('hosts', 'heal', 'host-2');
    await until('the node is Ready', nodes, (seen) => seen.map(readiness).join() === 'True,True,True', 120);
  });

  it('a host that was off runs its pod again once it is on', async () => {
    const before = await restarts('host-3');
    await tool('hosts', 'off', 'host-3');
    await tool('hosts', 'on', 'host-3');
    await until(
      'its container was started again',
      () => restarts('host-3'),
      (now) => now > before,
      120,
    );
    await until('a pod is Ready on each node', nodesOfReadyPods, (names) => names.length === 3, 120);
  });

  it('says what it cannot do', async () => {
    await expect(tool('hosts', 'cut', 'host-9')).rejects.toThrow('There is no host "host-9"');
    await expect(tool('hosts', 'lose', 'host-1', '101')).rejects.toThrow('"101" is no number from 1 to 100.');
    await expect(tool('hosts', 'melt')).rejects.toThrow('There is no command "melt"');
    await expect(tool('hosts', '--nodes', '3')).rejects.toThrow('Test hosts run in');
  });

  it('is gone after Ctrl-C, with all that it made', async () => {
    expect(Object.values(presentOf(run)).filter((some) => some.length === 0)).toEqual([]);
    hosts.child.kill('SIGINT');
    // The tool takes it as the terminal's own, which its program gets too.
    process.kill(programOf(hosts.child), 'SIGINT');
    await hosts.ended;
    expect(presentOf(run)).toEqual({ processes: [], inside: [], links: [], groups: [], files: [] });
    await expect(tool('hosts', 'cut', 'host-1')).rejects.toThrow('No test hosts run');
  });

  it('is gone after npm run down too, when nobody waited for it to be ready', async () => {
    const second = started('--nodes', '1');
    await second.says('Hosts       host-1');
    const other = runIn(folder);
    await tool('down');
    await second.ended;
    expect(presentOf(other)).toEqual({ processes: [], inside: [], links: [], groups: [], files: [] });
    expect(existsSync(folder)).toBe(false);
  });
});

/** On a new connection each time: one that is under way stays where it is. */
function answersWith(status: number, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === status);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
/** Name of the host whose network card this machine finds at an address: the card's last number is the host's. */
async function holderOf(address: string): Promise<string> {
  const { stdout } = await promisify(execFile)('ip', ['-j', 'neigh', 'show']);
  const card = (JSON.parse(stdout) as readonly Neighbour[]).find(({ dst }) => dst === address)?.lladdr;
  return `host-${Number.parseInt(card?.slice(-2) ?? '', 16)}`;
}
interface Neighbour {
  readonly dst: string;
  readonly lladdr?: string;
}
interface BalancedService {
  readonly spec: { readonly healthCheckNodePort?: number };
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly { readonly ip?: string }[] } };
}
interface Template {
  readonly spec: { readonly template: { readonly spec: object } };
}
interface HostNode extends NodeStatus {
  readonly spec?: { readonly podCIDR?: string };
  readonly status: NodeStatus['status'] & {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}
interface HostPod {
  readonly spec: { readonly nodeName?: string };
  readonly status: NodeStatus['status'] & { readonly containerStatuses?: readonly { readonly restartCount: number }[] };
}

async function nodes(): Promise<readonly HostNode[]> {
  return (await api.get('/api/v1/nodes')).json<{ readonly items: readonly HostNode[] }>().items;
}
async function pods(): Promise<readonly HostPod[]> {
  return (await api.get(PODS)).json<{ readonly items: readonly HostPod[] }>().items;
}
function readiness({ status }: Pick<HostNode, 'status'>): string | undefined {
  return status.conditions?.find(({ type }) => type === 'Ready')?.status;
}
async function nodesOfReadyPods(): Promise<readonly string[]> {
  const ready = (await pods()).filter((pod) => readiness(pod) === 'True');
  return [...new Set(ready.map(({ spec }) => spec.nodeName ?? ''))].sort();
}
async function restarts(node: string): Promise<number> {
  const there = (await pods()).filter(({ spec }) => spec.nodeName === node);
  return there.reduce((sum, { status }) => sum + (status.containerStatuses?.[0]?.restartCount ?? 0), 0);
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  says(text: string): Promise<unknown>;
}

function started(...words: readonly string[]): Started {
  const child = spawn(process.execPath, [join(root, 'tools/hosts.mjs'), ...words], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let isOver = false;
  const ended = new Promise((resolve) => child.once('exit', resolve)).then(() => (isOver = true));
  const says = (text: string): Promise<unknown> =>
    until(
      `"${text}"`,
      () => Promise.resolve(said),
      (now) => {
        if (isOver) throw new Error(`it ended:\n${said}`);
        return now.includes(text);
      },
      120,
    );
  return { child, ended, says };
}

/** The program that a tool runs. */
function programOf(child: ChildProcess): number {
  return Number(readChildren(child.pid ?? 0)[0]);
}
function readChildren(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
}

/** Runs a tool to its end; rejects with what it said when it fails. */
async function tool(name: string, ...words: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'tools', `${name}.mjs`), ...words], { env: environment() });
}

function environment(): NodeJS.ProcessEnv {
  const { JEST_WORKER_ID: _worker, ...env } = process.env;
  return { ...env, SHIPLOG_HOME: home };
}
