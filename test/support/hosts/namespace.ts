import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostEnvironment } from './tools.js';

/** The namespaces that a test host consists of. */
const KINDS = ['--net', '--mount', '--pid', '--uts'];
const START_MS = 20_000;
/** A command in a host that takes longer hangs. */
const RUN_MS = 60_000;

export interface NamespaceOptions {
  /** Path of the first process's program, made by `waitingProgram`; its last part is its name. */
  readonly program: string;
  /** Host name. */
  readonly name: string;
  /** Control group of all hosts of the run: a word of the first process, so that it is found when nothing else says it. */
  readonly group: string;
  /** Shell commands that the first process runs before it begins to wait; `$name` is the host name. */
  readonly prepare: string;
  /** For the commands in `prepare`. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface SpawnOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** File that takes the output. */
  readonly log?: string;
  /** `cgroup.procs` of the control group that it runs in. */
  readonly group?: string | undefined;
}

/** A network, mount, PID and UTS namespace. They live as long as their first process, and everything in them dies with it. */
export class Namespace {
  private constructor(
    /** Id of the first process, seen from this process. */
    readonly pid: number,
    private readonly holder: ChildProcess,
  ) {}

  /** Rejects with what the commands in `prepare` printed when they fail. */
  static async open({ program, name, group, prepare, env = {} }: NamespaceOptions): Promise<Namespace> {
    const script = `set -e; echo "$name" > /proc/sys/kernel/hostname; ${prepare}\nexec "$0" "$name" "$group"`;
    const words = [...KINDS, '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
    const holder = spawn('unshare', [...words, 'sh', '-c', script, program], {
      detached: true,
      env: { ...hostEnvironment(), ...env, name, group },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    holder.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const failed = new Promise<never>((_resolve, reject) => {
      holder.once('error', reject);
      holder.once('exit', (code) => reject(new Error(`the host ${name} did not start (${code}): ${said.trim()}`)));
    });
    const pid = await Promise.race([firstProcess(holder.pid ?? 0, program), failed]);
    failed.catch(() => undefined);
    return new Namespace(pid, holder);
  }

  get isAlive(): boolean {
    return this.holder.exitCode === null && this.holder.signalCode === null;
  }

  /** Runs a command until it ends. Resolves with its output; rejects with what it said when it fails. */
  run(
    command: string,
    words: readonly string[],
    { input, env }: { input?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<string> {
    const entered = this.entered(command, words);
    return new Promise((resolve, reject) => {
      const options = { timeout: RUN_MS, maxBuffer: 1 << 26, env: { ...hostEnvironment(), ...env } };
      const child = execFile('nsenter', entered, options, (error, stdout, stderr) => {
        if (error)
          reject(new Error(`${command} ${words.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
        else resolve(stdout);
      });
      // One that ended at once does not read any more; its exit code says why.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input ?? '');
    });
  }

  /** Starts a command that goes on; it dies with the namespace at the latest. */
  spawn(command: string, words: readonly string[], { env, log, group }: SpawnOptions = {}): ChildProcess {
    const output = log === undefined ? 'ignore' : openSync(log, 'a', 0o600);
    const [program, all] = inGroup(group, ['nsenter', ...this.entered(command, words)]);
    const child = spawn(program, all, {
      detached: true,
      env: { ...hostEnvironment(), ...env },
      stdio: ['ignore', output, output],
    });
    if (typeof output === 'number') closeSync(output);
    return child;
  }

  /** SIGKILL to everything in it. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.holder, 'exit');
    process.kill(this.pid, 'SIGKILL');
    await gone;
  }

  private entered(command: string, words: readonly string[]): string[] {
    return ['--target', `${this.pid}`, ...KINDS, '--', command, ...words];
  }
}

/** A process joins a control group by itself, before it becomes what it is to be: so its children are in it too. */
function inGroup(group: string | undefined, words: readonly string[]): [string, string[]] {
  if (group === undefined) return [words[0] ?? '', words.slice(1)];
  return ['sh', ['-c', 'echo $$ > "$0" && exec "$@"', group, ...words]];
}

/** The only child of `unshare`, once it runs the program. */
async function firstProcess(holder: number, program: string): Promise<number> {
  for (const end = performance.now() + START_MS; performance.now() < end; await sleep(5)) {
    const child = Number.parseInt(textOf(`/proc/${holder}/task/${holder}/children`), 10);
    if (child > 0 && textOf(`/proc/${child}/cmdline`).split('\0')[0] === program) return child;
  }
  throw new Error(`${program} did not start`);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
