import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fabric, Port } from './fabric.js';
import { freezeGroup, makeGroup, thawGroup } from './groups.js';
import { Namespace, type SpawnOptions } from './namespace.js';
import { engine, groupFolders, root, thawBeneath } from './tools.js';

const ENGINE_MS = 60_000;
/** An agent that ends its pods first takes 30 s at most. */
const END_MS = 90_000;
const CLI = join(root, 'dist/apps/cli/main.js');

/** What a machine has of its own after power on: memory, an identity, and the id of its boot. */
const PREPARE = [
  'mount -n -t tmpfs tmpfs /run',
  'mount -n -t tmpfs tmpfs /dev/shm',
  '[ ! -e /etc/machine-id ] || mount -n --bind "$folder/machine-id" /etc/machine-id',
  'mount -n --bind "$folder/boot-id" /proc/sys/kernel/random/boot_id',
].join('\n');

export interface HostOptions extends Port {
  readonly folder: string;
  /** Program of the first process. */
  readonly program: string;
  /** Control group of all hosts, like `/shiplog-hosts-1a2b3c4d`. */
  readonly group: string;
  readonly fabric: Fabric;
}

export interface EngineRequest {
  readonly body?: unknown;
  readonly timeoutMs?: number;
}
export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The words of a command that joins a machine, after `npx shiplog node join`. */
export interface JoinOptions {
  readonly words: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * One host: namespaces that are as good as a machine for an engine and an agent. Its disk is its folder, which outlives power off;
 * processes, network, mounts and memory do not.
 */
export class Host {
  readonly name: string;
  readonly folder: string;
  private space: Namespace | undefined;
  private engineProcess: ChildProcess | undefined;
  private agentProcess: ChildProcess | undefined;

  constructor(private readonly options: HostOptions) {
    this.name = options.name;
    this.folder = options.folder;
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'machine-id'), `${randomBytes(16).toString('hex')}\n`);
  }

  get address(): string {
    return this.options.fabric.addressOf(this.options);
  }
  get isOn(): boolean {
    return this.space?.isAlive === true;
  }
  /** Id of the host's first process, seen from the machine. */
  get pid(): number {
    return this.namespace.pid;
  }
  /** Path of the engine's socket, from the host and from the machine. */
  get socket(): string {
    return join(this.folder, 'docker.sock');
  }

  async powerOn(): Promise<void> {
    const { name, program, group, fabric } = this.options;
    if (this.isOn) throw new Error(`${name} is on`);
    writeFileSync(join(this.folder, 'boot-id'), `${randomUUID()}\n`);
    this.space = await Namespace.open({ program, name, group, prepare: PREPARE, env: { folder: this.folder } });
    await fabric.connect(this.options, this.space);
  }

  /** Everything on it ends at once, as without current. */
  async powerOff(): Promise<void> {
    const { space } = this;
    if (!space?.isAlive) return;
    await this.options.fabric.disconnect(this.name);
    const gone = space.kill();
    // What is frozen is killed once it thaws.
    for (const group of groupFolders(this.options.group)) thawBeneath(join(group, this.name));
    await gone;
    this.space = undefined;
    await Promise.all([this.engineProcess, this.agentProcess].map((one) => one && ended(one)));
  }

  /** Runs a command on the host until it ends; resolves with its output. */
  run(command: string, ...words: readonly string[]): Promise<string> {
    return this.namespace.run(command, words);
  }
  /** Starts a command that goes on until it ends by itself, or the host does. `group` is a control group beneath the host's. */
  spawn(command: string, words: readonly string[], { group, ...options }: SpawnOptions = {}): ChildProcess {
    // A host that is off gets no new group: what is removed stays so.
    const { namespace } = this;
    const joined = group === undefined ? undefined : makeGroup(`${this.group}/${group}`);
    return namespace.spawn(command, words, { ...options, group: joined });
  }

  /**
   * Starts the engine and waits until it answers. Its images and containers are those of the last time; containers do not run.
   * `isLive`: they go on when the engine dies, which an engine in a swarm cannot do.
   */
  async startEngine({ isLive = true }: { readonly isLive?: boolean } = {}): Promise<void> {
    // After a power cut it would take another process for itself.
    rmSync(this.socket, { force: true });
    const log = join(this.folder, 'dockerd.log');
    const words = [
      ...['--data-root', join(this.folder, 'docker'), '--exec-root', '/run/docker', '--pidfile', '/run/docker.pid'],
      ...['--host', `unix://${this.socket}`, '--cgroup-parent', `${this.group}`],
      ...(isLive ? ['--live-restore'] : []),
      ...['--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ];
    const env = { GOGC: '400' };
    this.engineProcess = this.spawn('dockerd', words, { env, log, group: 'engine' });
    for (const end = performance.now() + ENGINE_MS; performance.now() < end; await sleep(10)) {
      if (this.engineProcess.exitCode !== null) break;
      if (await this.engineAnswers()) return;
    }
    throw new Error(`the engine of ${this.name} did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
  }

  /** SIGKILL to the engine; its containers go on. */
  async killEngine(): Promise<void> {
    await this.killInside(this.engineProcess, '/run/docker.pid');
  }

  /** Asks the engine of the host. */
  engine(method: string, path: string, options: EngineRequest = {}): Promise<EngineAnswer> {
    return engine(method, path, { address: `unix://${this.socket}`, ...options });
  }
  async engineAnswers(timeoutMs = 5_000): Promise<boolean> {
    return this.engine('GET', '/_ping', { timeoutMs }).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** The engine and what watches its containers stand still; the containers go on. */
  freezeEngine(): Promise<void> {
    return freezeGroup(`${this.group}/engine`);
  }
  thawEngine(): Promise<void> {
    return thawGroup(`${this.group}/engine`);
  }
  /** Engine, agent and containers stand still. */
  freeze(): Promise<void> {
    return freezeGroup(this.group);
  }
  thaw(): Promise<void> {
    return thawGroup(this.group);
  }

  /** Makes the host a node, by the command that a person would type. Rejects with what it says. */
  async join({ words, env }: JoinOptions): Promise<void> {
    const log = join(this.folder, 'join.log');
    rmSync(log, { force: true });
    const child = this.shiplog(['node', 'join', ...words], { env, log });
    await ended(child);
    if (child.exitCode !== 0) throw new Error(readFileSync(log, 'utf8').trim());
  }

  /** Starts the agent of a host that has joined, as its init system would. */
  startAgent(env: NodeJS.ProcessEnv = {}): void {
    this.agentProcess = this.shiplog(['node', 'start'], { env, log: join(this.folder, 'shiplog', 'agent.log') });
  }

  /** Ends the agent by a signal, and waits until it has ended. */
  async stopAgent(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    await this.endProgram('apps/agent/main.js', signal);
  }

  /** Ends what runs a program on this host by a signal, and waits until it has ended. */
  async endProgram(program: string, signal: 'TERM' | 'KILL'): Promise<void> {
    await this.signalProgram(program, signal);
    for (const end = performance.now() + END_MS; performance.now() < end; await sleep(50))
      if ((await this.run('sh', '-c', eachThatRuns(program, 'echo runs'))).trim() === '') return;
    throw new Error(`${program} did not end on ${this.name} after SIG${signal}`);
  }
  async signalProgram(program: string, signal: 'TERM' | 'KILL'): Promise<void> {
    await this.run('sh', '-c', eachThatRuns(program, `kill -${signal} $\{p#/proc/} 2>/dev/null || true`));
  }

  private shiplog(
    words: readonly string[],
    { env, log }: { readonly env: NodeJS.ProcessEnv | undefined; readonly log: string },
  ): ChildProcess {
    return this.spawn(process.execPath, ['--no-warnings', CLI, ...words], {
      env: { SHIPLOG_HOME: join(this.folder, 'shiplog'), DOCKER_HOST: `unix://${this.socket}`, ...env },
      log,
      group: 'agent',
    });
  }

  /** The control group of what runs on this host. */
  get group(): string {
    return `${this.options.group}/${this.name}`;
  }
  private get namespace(): Namespace {
    if (!this.space?.isAlive) throw new Error(`${this.name} is off`);
    return this.space;
  }

  private async killInside(child: ChildProcess | undefined, pidFile: string): Promise<void> {
    if (child === undefined) return;
    await this.run('sh', '-c', `kill -9 $(cat ${pidFile}); rm ${pidFile}`);
    await ended(child);
  }
}

/** Shell commands for each process of a host that has this text in its command line; ids are of the host's own namespace. */
function eachThatRuns(program: string, does: string): string {
  // The pattern does not match the shell that has it in its own command line.
  const pattern = `[${program.slice(0, 1)}]${program.slice(1)}`;
  return `for p in /proc/[0-9]*; do if grep -q '${pattern}' $p/cmdline 2>/dev/null; then ${does}; fi; done`;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
