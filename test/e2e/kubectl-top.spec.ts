import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import { metricsRegistration } from '#loops';
import { testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import { registry } from '#kinds';
import { kubectl } from '../../tools/clients.mjs';
import { TestServer } from '../../libs/http/src/testing/test-server.js';

/** A real kubectl on an API whose scaler is played here, with figures that are known. */
let server: TestServer;

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
  const scaler = server.hub.connect('scaler');
  const is = (one: { namespace?: string; name: string }, { namespace, name }: Asked): boolean =>
    (namespace ?? one.namespace) === one.namespace && (name ?? one.name) === one.name;
  const answers: Readonly<Record<string, (asked: Asked) => readonly object[]>> = {
    pods: (asked) =>
      pods
        .filter((one) => is(one, asked))
        .map((one) => ({ ...one, at, windowMs: 1000, uid: uids.get(`${one.namespace}/${one.name}`) })),
    nodes: (asked) => nodes.filter((one) => is(one, asked)).map((one) => ({ ...one, at, windowMs: 1000 })),
  };
  for (const [what, answer] of Object.entries(answers))
    scaler.subscribe(subjects.query('scaler', what), (data) =>
      encodeMessage({ position: 1, figures: answer(decodeMessage(data) as Asked) }),
    );
}

/** What kubectl prints; what it says when it fails is the error. Not waited for on this thread, which is the server's too. */
function run(words: readonly string[], input = ''): Promise<string> {
  const env = { ...process.env, KUBECONFIG: '/dev/null' };
  const child = spawn(kubectl(), ['--server', `http://127.0.0.1:${server.port}`, ...words], { env });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(errors))));
  });
}
const top = (...words: readonly string[]): Promise<string> => run(['top', ...words]);
const apply = (one: unknown): Promise<string> => run(['create', '-f', '-'], JSON.stringify(one));
/** Rows of a table without its blanks. */
const rows = (text: string): readonly string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '));

beforeAll(async () => {
  server = await TestServer.start();
  await server.create('/api/v1/namespaces', { metadata: { name: 'kube-system' } });
  for (const namespace of ['default', 'kube-system'])
    await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } });
  for (const [name, cpu, memory] of [
    ['big', '4', '8Gi'],
    ['small', '2', '1Gi'],
  ]) {
    await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { size: name } } });
    const capacity = { cpu: name === 'big' ? '8' : cpu, memory };
    const status = JSON.stringify({ status: { capacity, allocatable: { cpu, memory } } });
    await run(['patch', 'node', name ?? '', '--subresource=status', '--type=merge', '-p', status]);
  }
  for (const { namespace, name } of pods) {
    const metadata = { namespace, name, labels: { app: name.slice(0, 3) } };
    const spec = { containers: [{ name: 'c', image: 'i' }] };
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    const uid = await run(['get', 'pod', '-n', namespace, name, '-o', 'jsonpath={.metadata.uid}']);
    uids.set(`${namespace}/${name}`, uid);
  }
});
afterAll(() => server?.stop());

describe('kubectl top', () => {
  it('finds no metrics where nobody measures', async () => {
    await expect(top('nodes')).rejects.toThrow('Metrics API not available');
  });

  it('says that the scaler is away once the group is registered, and asks it as soon as it is there', async () => {
    const view = new TestView(registry);
    for (const key of metricsRegistration.keysAtStart(view))
      for (const one of metricsRegistration.reconcile(view, key, TEST_NOW))
        if (one.is === 'submit') await server.backend.submit(testCommand(one.command as unknown as TestCommand));
    await expect(top('pods')).rejects.toThrow(
      /the figures of pods are measurements.*scaler, which hears them, cannot be asked/,
    );
    play();
    expect(await run(['get', 'apiservice', 'v1beta1.metrics.k8s.io', '--no-headers'])).toMatch(/ Local +True /);
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

  it('has tables in kubectl get', async () => {
    expect(rows(await run(['get', 'nodes.metrics.k8s.io']))).toEqual([
      'NAME CPU MEMORY WINDOW',
      'big 1500m 2Gi 1s',
      'small 200m 512Mi 1s',
    ]);
  });
});
