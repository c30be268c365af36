import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { APPS } from '#nest';
import { ApiClient } from '../api-client.js';
import { BUSYBOX, until } from '../test-cluster.js';
import type { Host } from './host.js';
import { TestHosts } from './test-hosts.js';
import { root } from './tools.js';

/** Host of the control plane and the bus. It has no engine and no node. */
export const CONTROL = 'control';
const SPARE = 'spare-';
const CLI = join(root, 'dist/apps/cli/main.js');
const READY_MS = 120_000;
const BUS_PORT = 4222;
const API_PORT = 6443;

/** Last numbers of the addresses that Services of type LoadBalancer get: the highest that no host has. */
const POOL = { first: 240, last: 249 };

/** As much of a Node as is looked at. */
export interface NodeStatus {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface HostClusterOptions {
  /** How many hosts have a node: `host-1`, `host-2` and so on. */
  readonly nodes: number;
  /** How many hosts have an engine and no node yet: `spare-1` and so on. */
  readonly spare?: number;
  readonly folder?: string;
  readonly podCidr?: string;
  /** More of the environment of the control plane and the agents. */
  readonly env?: NodeJS.ProcessEnv;
  /** More of the environment of the agent on one host. */
  readonly agentEnv?: (host: string) => NodeJS.ProcessEnv;
  readonly say?: (line: string) => void;
}

/** A cluster on test hosts: its control plane on one, an engine and an agent on each of the others. */
export class HostCluster {
  private controlPlane: ChildProcess | undefined;

  private constructor(
    readonly hosts: TestHosts,
    private readonly options: HostClusterOptions,
  ) {}

  /** Resolves when the API answers and all agents are started. Their nodes become Ready a moment later. */
  static async start(options: HostClusterOptions): Promise<HostCluster> {
    const { nodes, spare = 0, folder, say = () => undefined } = options;
    const names = Array.from({ length: nodes }, (_, i) => `host-${i + 1}`);
    const spares = Array.from({ length: spare }, (_, i) => `${SPARE}${i + 1}`);
    const hosts = await TestHosts.start({
      names: [...names, ...spares, CONTROL],
      ...(folder !== undefined && { folder }),
    });
    say(`Hosts       ${hosts.all.map((host) => `${host.name} ${host.address}`).join(', ')}`);
    const cluster = new HostCluster(hosts, options);
    try {
      await Promise.all([
        cluster.startControlPlane(),
        ...hosts.all.filter(({ name }) => name !== CONTROL).map(startEngine),
      ]);
      const words = nodes > 0 ? await cluster.joinWords() : [];
      await Promise.all(cluster.nodes.map((host) => cluster.join(host, words)));
      return cluster;
    } catch (cause) {
      await hosts.stop();
      throw cause;
    }
  }

  /** The hosts with a node. */
  get nodes(): readonly Host[] {
    return this.hosts.all.filter(({ name }) => name !== CONTROL && !name.startsWith(SPARE));
  }
  get control(): Host {
    return this.hosts.get(CONTROL);
  }
  get kubeconfig(): string {
    return join(this.home, 'kubeconfig');
  }
  /** What the control plane has said. */
  get output(): string {
    return textOf(this.log);
  }

  /** Starts bus and control plane, also after its host was off, and waits until the API answers. */
  async startControlPlane(): Promise<void> {
    const { control } = this;
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
    const saidBefore = this.output.length;
    this.controlPlane = control.spawn(process.execPath, ['--no-warnings', join(root, 'dist/apps/standalone/main.js')], {
      env: { ...this.environment, SHIPLOG_HOME: this.home },
      log: this.log,
    });
    for (const end = performance.now() + READY_MS; performance.now() < end; await sleep(50)) {
      if (this.output.slice(saidBefore).includes('Ready. Your kubeconfig is')) return;
      if (this.controlPlane.exitCode !== null) break;
    }
    throw new Error(`the control plane did not come up:\n${this.output.slice(-4_000)}`);
  }

  /** Ends the control plane and the bus; both have gone when it resolves. */
  async stopControlPlane(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    await this.control.endProgram('apps/standalone/main.js', signal);
    await this.control.endProgram('nats-server', signal);
  }

  /** The command line on the host of the control plane. Resolves with what it prints. */
  shiplog(...words: readonly string[]): Promise<string> {
    return shiplog(this.control, { SHIPLOG_HOME: this.home }, ...words);
  }

  /** Makes a token. Resolves with the words of the command that it prints, after `npx shiplog node join`. */
  async joinWords(...options: readonly string[]): Promise<readonly string[]> {
    const printed = await this.shiplog('node', 'token', 'create', ...options);
    const line = /^npx shiplog node join (.*)$/m.exec(printed)?.[1];
    if (line === undefined) throw new Error(`no command is printed:\n${printed}`);
    return line.split(' ');
  }

  /** Makes a host a node; its engine has to run. */
  join(host: Host, words: readonly string[]): Promise<void> {
    return host.join({ words, env: this.envOf(host) });
  }
  /** Starts the agent of a host that has joined; its engine has to run. */
  startAgent(host: Host): void {
    host.startAgent(this.envOf(host));
  }

  /** Power on, then engine and agent, or the control plane, as on a machine that starts them at boot. */
  async boot(host: Host): Promise<void> {
    await host.powerOn();
    if (host === this.control) return this.startControlPlane();
    await host.startEngine();
    this.startAgent(host);
  }

  /** Resolves when all nodes are Ready. */
  async nodesReady(): Promise<void> {
    const api = new ApiClient(this.kubeconfig);
    try {
      await until(
        'all nodes are Ready',
        async () => (await api.get('/api/v1/nodes')).json<{ readonly items?: readonly NodeStatus[] }>().items ?? [],
        (seen) => seen.length === this.nodes.length && seen.every(isReady),
        READY_MS / 1000,
      );
    } finally {
      api.close();
    }
  }

  stop(): Promise<void> {
    return this.hosts.stop();
  }

  get home(): string {
    return join(this.control.folder, 'shiplog');
  }
  private envOf(host: Host): NodeJS.ProcessEnv {
    // How full the disk of this machine is decides nothing here.
    const env = { SHIPLOG_EVICTION_HARD: 'memory.available<50Mi' };
    return { ...env, ...this.options.env, ...this.options.agentEnv?.(host.name) };
  }
  private get log(): string {
    return join(this.control.folder, 'control-plane.log');
  }
  private get podCidr(): string {
    return this.options.podCidr ?? '10.244.0.0/16';
  }
  private get environment(): NodeJS.ProcessEnv {
    return {
      SHIPLOG_APPS: APPS.filter((app) => app !== 'agent').join(),
      SHIPLOG_BUS_PORT: `${BUS_PORT}`,
      SHIPLOG_API_ADDRESS: `${this.control.address}:${API_PORT}`,
      SHIPLOG_POD_CIDR: this.podCidr,
      ...(this.hosts.all.length < POOL.first && { SHIPLOG_LOAD_BALANCER_POOL: this.loadBalancerPool }),
      ...this.options.env,
    };
  }
  private get loadBalancerPool(): string {
    const network = this.control.address.slice(0, this.control.address.lastIndexOf('.'));
    return `${network}.${POOL.first}-${network}.${POOL.last}`;
  }
}

/** Starts a host's engine, with an image to run. */
async function startEngine(host: Host): Promise<void> {
  await host.startEngine();
  await shiplog(host, { DOCKER_HOST: `unix://${host.socket}` }, 'image', 'busybox', '--name', BUSYBOX);
}

/** The command line on a host: when the host goes, it does too. */
function shiplog(host: Host, env: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<string> {
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return host.run('env', ...set, process.execPath, '--no-warnings', CLI, ...words);
}

function isReady({ status }: NodeStatus): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
