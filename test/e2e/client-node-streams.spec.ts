import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AppsV1Api,
  Attach,
  CoreV1Api,
  Cp,
  Exec,
  KubeConfig,
  Log,
  PortForward,
  type V1Status,
} from '@kubernetes/client-node';
import { said, Words } from '../support/client-library.js';
import { BUSYBOX, importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { deployment } from '../support/workloads.js';

/** What the JavaScript client library streams: logs, programs, terminals, files and ports of pods on the real engine. */
const namespace = 'default';
const SERVING = `trap "exit 0" TERM; mkdir /www; echo "served by $(hostname)" > /www/index.html; httpd -p 8080 -h /www
while true; do sleep 1 & wait $!; done`;
/** Says two things, then what it is told, and ends. */
const SPEAKING = 'mkfifo /tmp/told; echo started; echo trouble >&2; cat /tmp/told';
let cluster: TestCluster;
let config: KubeConfig;
let core: CoreV1Api;
let pod: string;

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('streams');
  await cluster.start();
  config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
  await config.makeApiClient(AppsV1Api).createNamespacedDeployment({
    namespace,
    body: deployment('web', 1, {}, { command: ['sh', '-c', SERVING], ports: [{ containerPort: 8080 }] }),
  });
  await core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name: 'speaker' },
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: BUSYBOX, command: ['sh', '-c', SPEAKING] }],
      },
    },
  });
  const { items } = await until(
    'both run',
    () => core.listNamespacedPod({ namespace, fieldSelector: 'status.phase=Running' }),
    (list) => list.items.length === 2,
  );
  pod = items.find(({ metadata }) => metadata?.labels?.['app'] === 'web')?.metadata?.name ?? '';
});

afterAll(() => cluster?.remove(), 90_000);

describe('a pod', () => {
  it('is heard: its log, the last of it, and what is still to come until it ends', async () => {
    const log = new Log(config);
    const followed = new Words();
    const ended = once(followed, 'finish');
    await log.log(namespace, 'speaker', 'main', followed, { follow: true });
    await said(followed, 'started\n');
    await said(followed, 'trouble\n');
    expect(followed.writableFinished).toBe(false);
    await exec(['sh', '-c', 'echo later > /tmp/told'], undefined, 'speaker');
    await ended;
    expect(followed.text).toMatch(/^(started\ntrouble|trouble\nstarted)\nlater\n$/);

    const whole = new Words();
    await Promise.all([once(whole, 'finish'), log.log(namespace, 'speaker', 'main', whole)]);
    expect(whole.text).toBe(followed.text);
    const last = await core.readNamespacedPodLog({ namespace, name: 'speaker', tailLines: 1, timestamps: true });
    expect(last).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z later\n$/);
    expect(Math.abs(Date.now() - Date.parse(last.split(' ')[0] ?? ''))).toBeLessThan(60_000);
    await expect(log.log(namespace, 'nothing', 'main', new Words())).rejects.toMatchObject({ code: 404 });
  });

  it('runs a program: what goes in, what comes out, how it ended', async () => {
    const bytes = 'every word of it\n'.repeat(20_000);
    const ended = await exec(['sh', '-c', 'wc -c; echo bad >&2; exit 7'], Readable.from([bytes]));
    expect(ended.stdout.trim()).toBe(String(bytes.length));
    expect(ended.stderr).toBe('bad\n');
    expect(ended.status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
    expect(await exec(['cat'], Readable.from([bytes]))).toMatchObject({ stdout: bytes, status: { status: 'Success' } });
    const missing = await exec(['no-such-program']);
    expect(missing.status.status).toBe('Failure');
    expect(missing.status.message).toContain('no-such-program');
    await expect(exec(['true'], undefined, pod, 'elsewhere')).rejects.toMatchObject({
      message: 'Unexpected server response: 400',
    });
  });

  it('has a terminal of the size that was told', async () => {
    const screen = Object.assign(new Words(), { rows: 33, columns: 99 });
    const stdin = new PassThrough();
    // The size may come after the input; until then stty says nothing, and that with success.
    const size = 'size=$(stty size 2> /dev/null); [ "$size" ] && echo "$size" && exit';
    const script = `read line; for i in $(seq 50); do ${size}; sleep 0.1; done; exit 1`;
    const status = new Promise<V1Status>((resolve, reject) => {
      new Exec(config)
        .exec(namespace, pod, 'main', ['sh', '-c', script], screen, null, stdin, true, resolve)
        .catch(reject);
    });
    stdin.write('go\n');
    expect(await status).toMatchObject({ status: 'Success' });
    expect(screen.text).toBe('go\r\n33 99\r\n');
  });

  it('is attached to', async () => {
    const heard = new Words();
    const socket = await new Attach(config).attach(namespace, pod, 'main', heard, null, null, false);
    await until(
      'the attached container is heard',
      async () => {
        await exec(['sh', '-c', 'echo attached > /proc/1/fd/1']);
        return heard.text;
      },
      (text) => text.includes('attached\n'),
    );
    socket.close();
  });

  it('takes files and gives them back', async () => {
    const [here, back] = [mkdtempSync(join(tmpdir(), 'library-')), mkdtempSync(join(tmpdir(), 'library-'))];
    try {
      writeFileSync(join(here, 'letter'), 'to be kept\n'.repeat(10_000));
      await new Cp(config).cpToPod(namespace, pod, 'main', here, '/tmp');
      await until(
        'the file is there',
        () => exec(['sh', '-c', 'wc -c < /tmp/letter']),
        (seen) => seen.stdout.trim() === '110000',
      );
      const taking = new ExecWithOutput(config);
      await new Cp(config, taking).cpFromPod(namespace, pod, 'main', 'letter', back, '/tmp');
      await taking.written;
      expect(readFileSync(join(back, 'letter'), 'utf8')).toBe(readFileSync(join(here, 'letter'), 'utf8'));
    } finally {
      for (const folder of [here, back]) rmSync(folder, { recursive: true });
    }
  });

  it('is reached through a forwarded port, by its own name and by that of its Deployment', async () => {
    const forward = new PortForward(config);
    const request = 'GET / HTTP/1.0\r\n\r\n';
    const [answer, input] = [new Words(), new PassThrough()];
    const socket = await forward.portForward(namespace, pod, [8080], answer, null, input);
    input.write(request);
    expect(await said(answer, `served by ${pod}\n`)).toMatch(/^HTTP\/1\.\d 200 OK\r\n/);
    if (typeof socket !== 'function') socket.close();

    const [any, second] = [new Words(), new PassThrough()];
    await forward.portForwardDeployment(namespace, 'web', [8080], any, null, second);
    second.write(request);
    await said(any, 'served by web-');

    const [trouble, third] = [new Words(), new PassThrough()];
    await forward.portForward(namespace, pod, [9], new Words(), trouble, third);
    third.write(request);
    await said(trouble, `error forwarding port 9 to pod ${pod}`);
  });
});

/** `cpFromPod` resolves before the files are there: what writes them knows when they are. */
class ExecWithOutput extends Exec {
  written: Promise<void> = Promise.resolve();

  override exec(...words: Parameters<Exec['exec']>): ReturnType<Exec['exec']> {
    const [, , , , stdout] = words;
    if (stdout) this.written = finished(stdout);
    return super.exec(...words);
  }
}

async function exec(
  command: string[],
  stdin?: Readable,
  of = pod,
  container = 'main',
): Promise<{ readonly stdout: string; readonly stderr: string; readonly status: V1Status }> {
  const [stdout, stderr] = [new Words(), new Words()];
  const status = await new Promise<V1Status>((resolve, reject) => {
    new Exec(config)
      .exec(namespace, of, container, command, stdout, stderr, stdin ?? null, false, resolve)
      .catch(reject);
  });
  return { stdout: stdout.text, stderr: stderr.text, status };
}
