import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { until } from '../test-cluster.js';
import type { Host } from './host.js';
import { hostEnvironment, root } from './tools.js';

const ANSWER_MS = 20_000;

/** Where requests go. */
export interface Target {
  readonly name: string;
  /** An address, or a name that cluster DNS answers. */
  readonly host: string;
  readonly port: number;
}

export interface LoadOptions {
  /** Path of the socket on which the client says what became of its requests. */
  readonly socket: string;
  readonly targets: readonly Target[];
  /** Time between two requests to one target. */
  readonly everyMs: number;
  /** A request without an answer after so long is lost. */
  readonly patienceMs: number;
}

export interface Loss {
  /** Wall clock, in milliseconds. */
  readonly startedAt: number;
  readonly afterMs: number;
  /** A code like `ECONNREFUSED`, or a sentence. */
  readonly why: string;
}
/** What became of the requests to one target. */
export interface Outcome extends Target {
  readonly asked: number;
  readonly answered: number;
  readonly lost: number;
  /** When the last lost request started; undefined when none was. */
  readonly lostAt?: number;
  /** When the last five requests that were answered started, the earliest first. */
  readonly recent: readonly number[];
  /** The newest losses. */
  readonly losses: readonly Loss[];
}

/** A client that asks each of its targets again and again, and counts what is answered. */
export class Load {
  private constructor(
    private readonly socket: string,
    private readonly child: ChildProcess,
  ) {}

  /** In the network of a host, or in that of a process on it, which a container may be. */
  static start(host: Host, options: LoadOptions, pid?: number): Promise<Load> {
    const words = [join(root, 'test/support/hosts/load-client.mjs'), options.socket, wordOf(options)];
    const enter = pid === undefined ? [] : ['nsenter', `--net=/proc/${pid}/ns/net`];
    const [program = '', ...all] = [...enter, process.execPath, ...words];
    return Load.ready(options.socket, host.spawn(program, all));
  }

  /** In the network of this machine, which is outside of the cluster. */
  static startOutside(options: LoadOptions): Promise<Load> {
    const words = [join(root, 'test/support/hosts/load-client.mjs'), options.socket, wordOf(options)];
    return Load.ready(options.socket, spawn(process.execPath, words, { env: hostEnvironment(), stdio: 'ignore' }));
  }

  private static async ready(socket: string, child: ChildProcess): Promise<Load> {
    const load = new Load(socket, child);
    await until(
      'the load begins',
      () => load.outcomes(),
      (all) => all.length > 0,
    );
    return load;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  outcomes(): Promise<readonly Outcome[]> {
    return this.ask('GET');
  }
  /** Ends it. It ends by itself with the host that it runs on. */
  async stop(): Promise<readonly Outcome[]> {
    const ended = this.isRunning ? once(this.child, 'exit') : undefined;
    const outcomes = await this.ask('DELETE');
    await ended;
    return outcomes;
  }

  private ask(method: string): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.socket, method, agent: false, timeout: ANSWER_MS };
      const call = request(options, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('error', reject).on('end', () => resolve(JSON.parse(text) as readonly Outcome[]));
      });
      call.on('timeout', () => call.destroy(new Error('the load does not say what became of it')));
      call.on('error', reject).end();
    });
  }
}

function wordOf({ targets, everyMs, patienceMs }: LoadOptions): string {
  return JSON.stringify({ targets, everyMs, patienceMs });
}
