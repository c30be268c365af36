import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../../tools/clients.mjs';
import { freePort, root } from '../../tools/cluster.mjs';
import { engine } from '../../tools/engine.mjs';
import { removeCluster } from '../../tools/remove.mjs';

/** `npm start` and `npm run down` as a person uses them: again, after Ctrl-C, after a crash, twice at once. */
let folder: string;
let home: string;
let port: number;
const running: Started[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-start-'));
  home = join(folder, 'home');
  port = await freePort();
  execFileSync(process.execPath, [join(root, 'dist/apps/cli/main.js'), 'image', 'busybox'], { stdio: 'ignore' });
});

afterAll(async () => {
  for (const one of running) one.signal('SIGKILL');
  if (existsSync(home)) await removeCluster(home);
  rmSync(folder, { recursive: true, force: true });
});

describe('npm start', () => {
  let container: string;

  it('comes up, says where the kubeconfig is, and runs a pod', async () => {
    const cluster = npm(['start']);
    await cluster.says('Ready. Your kubeconfig is');
    expect(cluster.output()).toContain(join(home, 'kubeconfig'));
    client(['create', '-f', join(root, 'docs/examples/pod.yaml')]);
    client(['wait', 'pod', '--all', '--for=condition=Ready', '--timeout=60s']);
    container = (await containers()).find(({ isInfra }) => !isInfra)?.id ?? '';
    expect(container).not.toBe('');
  });

  it('a second one on the same data says so and goes', async () => {
    const second = npm(['start'], { SHIPLOG_API_ADDRESS: `127.0.0.1:${await freePort()}` });
    expect(await second.ended).not.toBe(0);
    expect(second.sentences()).toEqual([expect.stringMatching(/^The event log .* is being written by process \d+/)]);
    expect(client(['get', 'pods', '-o', 'name'])).toContain('pod/');
  });

  it('Ctrl-C stops the cluster and leaves the containers; the next start takes them up again', async () => {
    const [first] = running;
    const pid = numberIn('standalone.pid');
    first?.signal('SIGINT');
    // npm goes at once, as it does for every script; the cluster needs a moment to end well.
    await first?.ended;
    await until(() => !isAlive(pid));
    expect(first?.output()).not.toMatch(/error/i);
    expect((await containers()).map(({ id }) => id)).toContain(container);
    const again = npm(['start']);
    await again.says('Ready.');
    await becomes(restarts, '0');
    expect((await containers()).filter(({ isInfra }) => !isInfra).map(({ id }) => id)).toEqual([container]);
  });

  it('starts after SIGKILL of everything', async () => {
    running.at(-1)?.signal('SIGKILL');
    await sleep(500);
    const again = npm(['start']);
    await again.says('Ready.');
    await becomes(restarts, '0');
    expect((await containers()).filter(({ isInfra }) => !isInfra).map(({ id }) => id)).toEqual([container]);
  });

  it('npm run down stops it and removes containers, networks and data', async () => {
    const cluster = readFileSync(join(home, 'cluster'), 'utf8').trim();
    const down = npm(['run', 'down']);
    expect(await down.ended).toBe(0);
    await running.at(-2)?.ended;
    expect(existsSync(home)).toBe(false);
    expect(await containers(cluster)).toEqual([]);
    const networks = (await engine('GET', '/networks')).body as readonly { readonly Name: string }[];
    expect(networks.filter(({ Name }) => Name.startsWith(`shiplog-${cluster.slice(0, 8)}`))).toEqual([]);
  });
});

describe('npm start that cannot', () => {
  it('has no container engine', async () => {
    const start = npm(['start'], { DOCKER_HOST: `unix://${join(folder, 'none.sock')}` });
    expect(await start.ended).not.toBe(0);
    expect(start.sentences()).toEqual([
      expect.stringMatching(/^No container engine answers on DOCKER_HOST=.*: start it, or/),
    ]);
    expect(existsSync(home)).toBe(false);
  });

  it('finds its port taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const taken = (other.address() as AddressInfo).port;
    const start = npm(['start'], { SHIPLOG_API_ADDRESS: `127.0.0.1:${taken}` });
    expect(await start.ended).not.toBe(0);
    other.close();
    expect(start.sentences()).toEqual([
      expect.stringMatching(/^Port \d+ on 127\.0\.0\.1 is taken: .*SHIPLOG_API_ADDRESS/),
    ]);
    expect(existsSync(join(home, 'keys'))).toBe(false);
  });
});

interface Started {
  readonly ended: Promise<number | null>;
  output(): string;
  /** What it says beside npm's own lines and steps of the build. */
  sentences(): readonly string[];
  says(text: string): Promise<void>;
  /** To all its processes, as a terminal does. */
  signal(name: NodeJS.Signals): void;
}

function npm(words: readonly string[], more: Readonly<Record<string, string>> = {}): Started {
  const child: ChildProcess = spawn('npm', ['--silent', ...words], {
    cwd: root,
    detached: true,
    env: {
      ...process.env,
      SHIPLOG_HOME: home,
      SHIPLOG_API_ADDRESS: `127.0.0.1:${port}`,
      SHIPLOG_POD_CIDR: '10.119.0.0/16',
      SHIPLOG_NODE: 'start',
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const started: Started = {
    ended,
    output: () => output,
    sentences: () => output.split('\n').filter((line) => line !== '' && !line.endsWith(' …')),
    async says(text) {
      let isOver = false;
      void ended.then(() => (isOver = true));
      while (!output.includes(text)) {
        if (isOver) throw new Error(`it ended without saying "${text}":\n${output}`);
        await sleep(50);
      }
    },
    signal(name) {
      try {
        process.kill(-(child.pid ?? 0), name);
      } catch {
        // All of them have ended.
      }
    },
  };
  running.push(started);
  return started;
}

function client(words: readonly string[]): string {
  return execFileSync(kubectl(), words, {
    env: { ...process.env, HOME: folder, KUBECONFIG: join(home, 'kubeconfig') },
    encoding: 'utf8',
  });
}
const restarts = (): string =>
  client(['get', 'pods', '-o', 'jsonpath={.items[*].status.containerStatuses[?(@.ready)].restartCount}']);

function numberIn(file: string): number {
  return Number(readFileSync(join(home, file), 'utf8'));
}
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !isTrue(); i++) await sleep(100);
  expect(isTrue()).toBe(true);
}

async function becomes(look: () => string, wanted: string): Promise<void> {
  for (let i = 0; i < 100 && look() !== wanted; i++) await sleep(200);
  expect(look()).toBe(wanted);
}

async function containers(
  cluster = readFileSync(join(home, 'cluster'), 'utf8').trim(),
): Promise<readonly { readonly id: string; readonly isInfra: boolean }[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`io.shiplog.cluster=${cluster}`] }));
  const found = (await engine('GET', `/containers/json?filters=${filters}`)).body as readonly {
    readonly Id: string;
    readonly Labels: Readonly<Record<string, string>>;
  }[];
  return found.map(({ Id, Labels }) => ({ id: Id, isInfra: Labels['io.shiplog.container.role'] === 'infra' }));
}
