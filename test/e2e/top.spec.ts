import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NatsAuthority, NatsBus, openFileKeys } from '#adapters';
import { appPermissions, busRules, decodeMessage, encodeMessage, subjects } from '#engine';
import { metricsRegistration } from '#loops';
import { TEST_NOW, TestView } from '#model/testing';
import { registry } from '#kinds';
import { kubectl } from '../../tools/clients.mjs';
import { startCluster } from '../support/test-cluster.js';
import type { StartedCluster } from '../../tools/cluster.mjs';

/** A real kubectl and the command shiplog, on an API whose scaler is played here, on the real bus, with figures that are known. */
let cluster: StartedCluster;
let scaler: NatsBus;

const MIB = 2 ** 20;
const at = Date.now();
interface Asked {
  readonly of?: string;
  readonly namespace?: string;
  readonly name?: string;
}
const uids = new Map<string, string>();
const usage = (cpuMilli: number, memoryMib: number) => ({
  cpuNanoCores: cpuMilli * 1e6,
  memoryBytes: memoryMib * MIB,
});
const pods: readonly { namespace: string; name: string; containers: readonly object[] }[] = [
  {
    namespace: 'default',
    name: 'web-1',
    containers: [
      { name: 'app', ...usage(250, 64) },
      { name: 'side', ...usage(5, 16) },
    ],
  },
  { namespace: 'default', name: 'web-2', containers: [{ name: 'app', ...usage(500, 32) }] },
  { namespace: 'kube-system', name: 'dns', containers: [{ name: 'dns', ...usage(1, 8) }] },
];
const nodes = [
  { name: 'big', ...usage(1500, 2048) },
  { name: 'small', ...usage(200, 512) },
];

function play(): void {
  const is = (one: { namespace?: string; name: string }, { namespace, name }: Asked): boolean =>
    (namespace ?? one.namespace) === one.namespace && (name ?? one.name) === one.name;
  const answers: Readonly<Record<string, (asked: Asked) => readonly object[]>> = {
    pods: (asked) =>
      pods
        .filter((one) => is(one, asked))
        .map((one) => ({ ...one, at, windowMs: 1000, uid: uids.get(`${one.namespace}/${one.name}`) })),
    nodes: (asked) => nodes.filter((one) => is(one, asked)).map((one) => ({ ...one, at, windowMs: 1000 })),
    history: (asked) =>
      (asked.of === 'nodes' ? nodes : pods.filter((one) => is(one, asked))).map((one) => ({
        ...('namespace' in one && { namespace: one.namespace }),
        name: one.name,
        cpuNanoCores: [-1, 1e8, 2e8],
        memoryBytes: [-1, MIB, 2 * MIB],
      })),
  };
  for (const [what, answer] of Object.entries(answers))
    scaler.subscribe(subjects.query('scaler', what), (data) =>
      encodeMessage({ position: 1, figures: answer(decodeMessage(data) as Asked) }),
    );
}

/** What a program prints; what it says when it fails is the error. Not waited for on this thread, which is the scaler's too. */
function run(program: string, words: readonly string[], input = ''): Promise<string> {
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, SHIPLOG_HOME: cluster.home };
  const child = spawn(program, words, { env });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(errors))));
  });
}
const top = (...words: readonly string[]): Promise<string> => run(kubectl(), ['top', ...words]);
const shiplog = (...words: readonly string[]): Promise<string> =>
  run(process.execPath, [join(process.cwd(), 'dist/apps/cli/main.js'), ...words]);
const apply = (one: unknown): Promise<string> => run(kubectl(), ['create', '-f', '-'], JSON.stringify(one));
/** Rows of a table without its blanks. */
const rows = (text: string): readonly string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '));

beforeAll(async () => {
  cluster = await startCluster({ apps: 'api' });
  for (const namespace of ['default', 'kube-system'])
    await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } });
  for (const [name, cpu, memory] of [
    ['big', '4', '8Gi'],
    ['small', '2', '1Gi'],
  ]) {
    await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { size: name } } });
    const capacity = { cpu: name === 'big' ? '8' : cpu, memory };
    const status = JSON.stringify({ status: { capacity, allocatable: { cpu, memory } } });
    await run(kubectl(), ['patch', 'node', name ?? '', '--subresource=status', '--type=merge', '-p', status]);
  }
  for (const { namespace, name } of pods) {
    const metadata = { namespace, name, labels: { app: name.slice(0, 3) } };
    const spec = { containers: [{ name: 'c', image: 'i' }] };
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    const uid = await run(kubectl(), ['get', 'pod', '-n', namespace, name, '-o', 'jsonpath={.metadata.uid}']);
    uids.set(`${namespace}/${name}`, uid);
  }
});
afterAll(async () => {
  await scaler?.close();
  await cluster?.stop();
});

describe('kubectl top', () => {
  it('finds no metrics where nobody measures', async () => {
    await expect(top('nodes')).rejects.toThrow('Metrics API not available');
    await expect(shiplog('top')).rejects.toThrow('Nobody measures in this cluster');
  });

  it('says that the scaler is away once the group is registered, and asks it as soon as it is there', async () => {
    const view = new TestView(registry);
    for (const key of metricsRegistration.keysAtStart(view))
      for (const one of metricsRegistration.reconcile(view, key, TEST_NOW))
        if (one.is === 'submit') await apply(one.command.body);
    await expect(top('pods')).rejects.toThrow(
      /the figures of pods are measurements.*scaler, which hears them, cannot be asked/,
    );
    const keys = await openFileKeys(cluster.home);
    const authority = await NatsAuthority.open(keys.store);
    const port = readFileSync(join(cluster.home, 'nats/port'), 'utf8').trim();
    const user = await authority.issueUser('scaler', appPermissions(['scaler'], 'scaler'));
    const credentials = { url: `nats://127.0.0.1:${port}`, ca: keys.caCertificate, ...user };
    scaler = await NatsBus.connect(credentials, { name: 'scaler', rules: busRules, onProblem: () => undefined });
    play();
    expect(await run(kubectl(), ['get', 'apiservice', 'v1beta1.metrics.k8s.io', '--no-headers'])).toMatch(
      / Local +True /,
    );
  });

  it('prints nodes with their shares', async () => {
    expect(rows(await top('node'))).toEqual([
      'NAME CPU(cores) CPU(%) MEMORY(bytes) MEMORY(%)',
      'big 1500m 37% 2048Mi 25%',
      'small 200m 10% 512Mi 50%',
    ]);
    expect(rows(await top('node', 'big', '--no-headers'))).toEqual(['big 1500m 37% 2048Mi 25%']);
    expect(rows(await top('node', '--show-capacity', '--no-headers'))[0]).toBe('big 1500m 18% 2048Mi 25%');
    expect(rows(await top('node', '--sort-by=memory', '--no-headers')).map((row) => row.split(' ')[0])).toEqual([
      'big',
      'small',
    ]);
    expect(rows(await top('node', '-l', 'size=small', '--no-headers'))).toEqual(['small 200m 10% 512Mi 50%']);
    expect(rows(await top('node', '--show-swap'))[0]).toContain('SWAP(bytes)');
    for (const flag of ['true', 'false'])
      expect(rows(await top('node', `--use-protocol-buffers=${flag}`))).toHaveLength(3);
  });

  it('prints pods, their containers and sums', async () => {
    expect(rows(await top('pod'))).toEqual(['NAME CPU(cores) MEMORY(bytes)', 'web-1 255m 80Mi', 'web-2 500m 32Mi']);
    expect(rows(await top('pod', '-A', '--no-headers'))).toEqual([
      'default web-1 255m 80Mi',
      'default web-2 500m 32Mi',
      'kube-system dns 1m 8Mi',
    ]);
    expect(rows(await top('pod', '--containers', '--no-headers'))).toEqual(
      expect.arrayContaining(['web-1 app 250m 64Mi', 'web-1 side 5m 16Mi', 'web-2 app 500m 32Mi']),
    );
    expect(rows(await top('pod', '--sort-by=cpu', '--no-headers')).map((row) => row.split(' ')[0])).toEqual([
      'web-2',
      'web-1',
    ]);
    expect(rows(await top('pod', '--sum')).at(-1)).toBe('755m 112Mi');
    expect(rows(await top('pod', '-A', '-l', 'app=dns', '--no-headers'))).toEqual(['kube-system dns 1m 8Mi']);
    expect(rows(await top('pod', '--field-selector=metadata.name=web-2', '--no-headers'))).toEqual(['web-2 500m 32Mi']);
    expect(rows(await top('pod', 'web-2', '--no-headers', '--use-protocol-buffers=false'))).toEqual([
      'web-2 500m 32Mi',
    ]);
    await expect(top('pod', 'nobody')).rejects.toThrow('pods "nobody" not found');
  });

  it('is allowed to who may view a namespace', async () => {
    await run(kubectl(), [
      'create',
      'rolebinding',
      'viewer',
      '--clusterrole=system:aggregated-metrics-reader',
      '--user=jane',
    ]);
    expect(await top('pod', '--as', 'jane')).toContain('web-1');
    await expect(top('pod', '-A', '--as', 'jane')).rejects.toThrow(/pods.metrics.k8s.io is forbidden: User "jane"/);
    await expect(top('node', '--as', 'jane')).rejects.toThrow(/nodes.metrics.k8s.io is forbidden/);
  });

  it('has tables in kubectl get', async () => {
    expect(rows(await run(kubectl(), ['get', 'nodes.metrics.k8s.io']))).toEqual([
      'NAME CPU MEMORY WINDOW',
      'big 1500m 2Gi 1s',
      'small 200m 512Mi 1s',
    ]);
  });
});

describe('shiplog top', () => {
  it('prints a plain table where it is no terminal, and JSON', async () => {
    expect(rows(await shiplog('top'))).toEqual(['NAME CPU(cores) MEMORY(bytes)', 'web-1 200m 2Mi', 'web-2 200m 2Mi']);
    expect(rows(await shiplog('top', '-A')).at(-1)).toBe('kube-system dns 200m 2Mi');
    expect(rows(await shiplog('top', 'nodes'))[1]).toBe('big 200m 5% 2Mi 0%');
    expect(JSON.parse(await shiplog('top', '-n', 'kube-system', '-o', 'json'))).toMatchObject({
      items: [{ namespace: 'kube-system', name: 'dns', cpuNanoCores: [-1, 1e8, 2e8] }],
    });
    await expect(shiplog('top', 'services')).rejects.toThrow('Say nodes or pods; "services" is neither.');
  });

  it('leaves to kubectl what another server measures', async () => {
    const patch = JSON.stringify({ spec: { service: { namespace: 'kube-system', name: 'metrics-server' } } });
    await run(kubectl(), ['patch', 'apiservice', 'v1beta1.metrics.k8s.io', '--type=merge', '-p', patch]);
    await expect(shiplog('top')).rejects.toThrow('The API answered 503');
  });
});
