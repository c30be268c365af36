import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { StartedCluster } from '../../tools/cluster.mjs';
import { ApiClient } from './api-client.js';

// By path: compiled, this file stands in dist, where the tools are not.
const root = process.cwd();
const tool = (name: string): string => pathToFileURL(join(root, 'tools', name)).href;
export const { freePort, startCluster } = (await import(
  tool('cluster.mjs')
)) as typeof import('../../tools/cluster.mjs');
const { removeCluster } = (await import(tool('remove.mjs'))) as typeof import('../../tools/remove.mjs');
export const { engine } = (await import(tool('engine.mjs'))) as typeof import('../../tools/engine.mjs');

export const BUSYBOX = 'shiplog.local/busybox:1';

export interface EngineContainer {
  readonly Id: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** A standalone cluster on the real engine whose parts can be killed and which can be started again on the same data. */
export class TestCluster {
  readonly home: string;
  readonly node: string;
  private env: Readonly<Record<string, string>>;
  private started: StartedCluster | undefined;
  private client: ApiClient | undefined;
  private port = 0;
  private words = '';

  constructor(name: string, env: Readonly<Record<string, string>> = {}) {
    this.home = mkdtempSync(join(tmpdir(), `shiplog-${name}-`));
    this.node = name;
    // The same network in every life of the cluster, another one than its neighbours on this engine have.
    // Below 10.96.0.0/16, where Services are.
    const podCidr = `10.${20 + (process.pid % 76)}.0.0/16`;
    this.env = { SHIPLOG_NODE: name, SHIPLOG_POD_CIDR: podCidr, ...env };
  }

  /** More of its environment, from its next start on. */
  set(env: Readonly<Record<string, string>>): void {
    this.env = { ...this.env, ...env };
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.port ||= await freePort();
    this.started = await startCluster({ home: this.home, port: this.port, env: { ...this.env, ...env } });
    this.client?.close();
    this.client = new ApiClient(this.started.kubeconfig);
  }

  get api(): ApiClient {
    if (!this.client) throw new Error('the cluster was never started');
    return this.client;
  }
  get kubeconfig(): string {
    return join(this.home, 'kubeconfig');
  }
  /** All that its processes have printed, in all their lives. */
  get output(): string {
    return this.words + (this.started?.output() ?? '');
  }

  get controlPlanePid(): number {
    return this.started?.pid ?? 0;
  }
  get agentPid(): number {
    return numberIn(join(this.home, 'agent', this.node, 'pid'));
  }
  get busPid(): number {
    return numberIn(join(this.home, 'nats', 'pid'));
  }

  /** SIGKILL to standalone alone; its children are left behind. */
  async killControlPlane(): Promise<void> {
    if (!this.started) return;
    process.kill(this.started.pid, 'SIGKILL');
    await this.forget();
  }
  async killAgent(): Promise<void> {
    await killAndWait(() => this.agentPid, 'agent');
  }
  async killBus(): Promise<void> {
    await killAndWait(() => this.busPid, 'nats-server');
  }
  /** Stops it as Ctrl-C does; the containers go on. */
  async stop(): Promise<void> {
    await this.started?.stop({ keep: true });
    await this.forget();
  }

  get isRunning(): boolean {
    return this.started !== undefined;
  }
  /** Resolves when the control plane has ended by itself. */
  async ended(): Promise<void> {
    await this.forget();
  }

  /** Stops everything and removes all that it made; its folder too unless that is a mounted disk. */
  async remove({ keepFolder = false } = {}): Promise<void> {
    this.client?.close();
    if (this.started) await this.stop();
    const decisions = this.decisions();
    await removeCluster(this.home);
    if (!keepFolder) this.removeFolder();
    if (decisions !== undefined) throw new Error(decisions);
  }
  /** Decides every event of its loops again. Undefined when each comes out the same, else what does not. */
  private decisions(): string | undefined {
    if (!existsSync(join(this.home, 'log/events.db'))) return undefined;
    try {
      execFileSync(process.execPath, [join(root, 'tools/decisions.mjs'), this.home], { encoding: 'utf8' });
      return undefined;
    } catch (cause) {
      const { stdout = '', stderr = '' } = cause as { readonly stdout?: string; readonly stderr?: string };
      return `loops decide otherwise today:\n${stdout}${stderr}`;
    }
  }
  removeFolder(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Containers of this cluster as the engine has them, pods' infra containers not among them unless asked for. */
  async containers({ infra = false, stopped = false } = {}): Promise<readonly EngineContainer[]> {
    const id = readFileSync(join(this.home, 'cluster'), 'utf8').trim();
    const filters = encodeURIComponent(JSON.stringify({ label: [`io.shiplog.cluster=${id}`] }));
    const { body } = await engine('GET', `/containers/json?all=${stopped ? 1 : 0}&filters=${filters}`);
    const all = body as readonly EngineContainer[];
    return all.filter(({ Labels }) => infra || Labels['io.shiplog.container.role'] !== 'infra');
  }
  async containerIds(): Promise<readonly string[]> {
    return (await this.containers()).map(({ Id }) => Id).sort();
  }

  private async forget(): Promise<void> {
    await this.started?.ended;
    this.words += this.started?.output() ?? '';
    this.started = undefined;
  }
}

/** Imports the image that the tests run. */
export function importBusybox(): void {
  execFileSync(process.execPath, [join(root, 'dist/apps/cli/main.js'), 'image', 'busybox', '--name', BUSYBOX], {
    stdio: 'ignore',
  });
}

/** Looks until it is so; says what did not come true and what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  isIt: (seen: T) => boolean,
  seconds = 60,
): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
    try {
      const seen = await look();
      if (isIt(seen)) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
  }
  const text = last instanceof Error ? last.message : JSON.stringify(last);
  throw new Error(`${what}: not within ${seconds} s; seen last: ${text?.slice(0, 2000)}`);
}

/** Ids of the other processes that have this text in their command line or environment. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((file) => textOf(file).includes(text)))
    .map(Number);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function numberIn(path: string): number {
  return Number.parseInt(textOf(path), 10) || 0;
}

/** Resolves once another process has taken the place of the killed one. */
async function killAndWait(pid: () => number, what: string): Promise<void> {
  const old = await until(
    `${what} runs`,
    () => Promise.resolve(pid()),
    (found) => found > 0,
    20,
  );
  try {
    process.kill(old, 'SIGKILL');
  } catch {
    // It is just dying of itself; the next one counts.
  }
  await until(
    `a new ${what}`,
    () => Promise.resolve(pid()),
    (found) => found > 0 && found !== old,
    30,
  );
}
