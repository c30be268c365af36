import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = process.cwd();
const IMAGE = 'shiplog-test/busybox:1';

interface Cluster {
  readonly home: string;
  readonly port: number;
  readonly kubeconfig: string;
  readonly child: { kill(signal: NodeJS.Signals): boolean };
  readonly ended: Promise<unknown>;
  stop(options?: { keep?: boolean }): Promise<unknown>;
}
interface Tools {
  startCluster(options: { home: string; port?: number; env: Readonly<Record<string, string>> }): Promise<Cluster>;
  removeCluster(home: string): Promise<void>;
  kubectl(): string;
}

let tools: Tools;
let home: string;
let cluster: Cluster;
const env = { SHIPLOG_NODE: 'survivor', SHIPLOG_POD_CIDR: '10.128.0.0/16' };

function kubectl(...words: string[]): string {
  const { stdout, stderr } = spawnSync(
    tools.kubectl(),
    ['--kubeconfig', cluster.kubeconfig, '--request-timeout=10s', ...words],
    { encoding: 'utf8' },
  );
  return `${stdout}${stderr}`;
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 240; i++) {
    if (isTrue()) return;
    await sleep(250);
  }
  throw new Error(`${what} did not come true`);
}

const pidOf = (...file: string[]): number => Number(readFileSync(join(home, ...file), 'utf8'));

/** Ids of the running app containers, as the engine has them. */
function running(): string[] {
  const id = readFileSync(join(home, 'cluster'), 'utf8').trim();
  const filters = ['--filter', `label=io.shiplog.cluster=${id}`, '--filter', 'label=io.shiplog.container.name=web'];
  return spawnSync('docker', ['ps', '-q', '--no-trunc', ...filters], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

const ready = (): string => kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}');

/** Scales and waits; what ran before must still be what runs. */
async function scaleTo(replicas: number, kept: readonly string[]): Promise<void> {
  await until(
    () => kubectl('scale', 'deployment/web', `--replicas=${replicas}`) === 'deployment.apps/web scaled\n',
    'a write',
  );
  await until(() => ready() === String(replicas), `${replicas} ready replicas`);
  expect(running()).toEqual(expect.arrayContaining([...kept]));
}

/** Creates ConfigMaps one after the other until told to stop; gives the names that were acknowledged. */
function writer(prefix: string): { stop(): Promise<string[]> } {
  const acknowledged: string[] = [];
  let going = true;
  const work = (async () => {
    for (let i = 0; going; i++) {
      const name = `${prefix}-${i}`;
      const child = spawn(tools.kubectl(), [
        '--kubeconfig',
        cluster.kubeconfig,
        '--request-timeout=5s',
        'create',
        'configmap',
        name,
      ]);
      const code = await new Promise((resolve) => child.once('exit', resolve));
      if (code === 0) acknowledged.push(name);
    }
  })();
  return {
    async stop() {
      going = false;
      await work;
      return acknowledged;
    },
  };
}

/** No process is needed to keep what runs running, and none of them may forget what was acknowledged. */
describe('SIGKILL at any moment', () => {
  beforeAll(async () => {
    const [{ startCluster }, { removeCluster }, clients] = await Promise.all([
      import(join(root, 'tools/cluster.mjs')) as Promise<Pick<Tools, 'startCluster'>>,
      import(join(root, 'tools/remove.mjs')) as Promise<Pick<Tools, 'removeCluster'>>,
      import(join(root, 'tools/clients.mjs')) as Promise<Pick<Tools, 'kubectl'>>,
    ]);
    tools = { startCluster, removeCluster, kubectl: clients.kubectl };
    const image = spawnSync(process.execPath, ['dist/apps/cli/main.js', 'image', 'busybox', '--name', IMAGE], {
      cwd: root,
      encoding: 'utf8',
    });
    if (image.status !== 0) throw new Error(`${image.stdout}${image.stderr}`);
    home = mkdtempSync(join(tmpdir(), 'shiplog-survival-'));
    cluster = await startCluster({ home, env });
    kubectl(
      'create',
      'deployment',
      'web',
      `--image=${IMAGE}`,
      '--replicas=2',
      '--',
      'sh',
      '-c',
      'trap "exit 0" TERM; while true; do sleep 1; done',
    );
    await until(() => ready() === '2', 'two ready replicas');
  });

  afterAll(async () => {
    await cluster?.stop({ keep: true });
    await tools.removeCluster(home);
    rmSync(home, { recursive: true, force: true });
  });

  it('the agent: what runs goes on, a new agent adopts it', async () => {
    const before = running();
    const old = pidOf('agent', env.SHIPLOG_NODE, 'pid');
    process.kill(old, 'SIGKILL');
    await until(() => pidOf('agent', env.SHIPLOG_NODE, 'pid') !== old, 'a new agent');
    expect(running()).toEqual(before);
    await scaleTo(3, before);
  });

  it('the bus: it comes back where it was, agents and loops find it', async () => {
    const before = running();
    const old = pidOf('nats', 'pid');
    process.kill(old, 'SIGKILL');
    await until(() => pidOf('nats', 'pid') !== old, 'a new nats-server');
    expect(running()).toEqual(before);
    await scaleTo(4, before);
  });

  it('the control plane while it is written to: every acknowledged write is there after the restart', async () => {
    const before = running();
    const writers = ['a', 'b', 'c'].map(writer);
    await sleep(2_500);
    cluster.child.kill('SIGKILL');
    const acknowledged = (await Promise.all(writers.map((one) => one.stop()))).flat();
    await cluster.ended;
    expect(acknowledged.length).toBeGreaterThan(5);
    expect(running()).toEqual(before);
    cluster = await tools.startCluster({ home, port: cluster.port, env });
    const names = kubectl('get', 'configmaps', '-o', 'name').split('\n');
    for (const name of acknowledged) expect(names).toContain(`configmap/${name}`);
    expect(running()).toEqual(before);
    await scaleTo(5, before);
  });

  it('everything at once', async () => {
    const before = running();
    const agent = pidOf('agent', env.SHIPLOG_NODE, 'pid');
    const bus = pidOf('nats', 'pid');
    cluster.child.kill('SIGKILL');
    for (const pid of [agent, bus]) process.kill(pid, 'SIGKILL');
    await cluster.ended;
    expect(running()).toEqual(before);
    cluster = await tools.startCluster({ home, port: cluster.port, env });
    await scaleTo(6, before);
  });
});
