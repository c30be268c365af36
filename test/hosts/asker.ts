import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Host } from '../support/hosts/index.js';

export interface AskerOptions {
  readonly host: (name: string) => Host;
  /** Of a pod by its name. */
  readonly find: (pod: string) => Promise<{ readonly node: string; readonly uid: string }>;
}

/**
 * Asks servers from a pod, a host (`host-1`) or the `machine` that the hosts run on. An answer is the first line that the server
 * says, or how it failed: `EHOSTUNREACH`, `timeout`.
 */
export class Asker {
  /** By the name of a pod, whose sandbox stays the same. */
  private readonly sandboxes = new Map<string, { readonly host: Host; readonly pid: number }>();

  constructor(private readonly options: AskerOptions) {}

  /** Pods may have other sandboxes from now on. */
  forget(): void {
    this.sandboxes.clear();
  }
  async once(from: string, target: string): Promise<string> {
    return (await this.often(from, target, 1))[0] ?? '';
  }
  /** One after the other; so many that each of three backends is left out once in a hundred million times. */
  often(from: string, target: string, times = 48): Promise<readonly string[]> {
    return this.run(
      from,
      `for (let i = 0; i < ${times}; i++) console.log(await once(${JSON.stringify(target)}, 3000));`,
    );
  }
  /** All at the same time, with little patience: for those that are asked again when an answer is not the one that is waited for. */
  each(from: string, targets: readonly string[]): Promise<readonly string[]> {
    const all = JSON.stringify(targets);
    return this.run(
      from,
      `for (const said of await Promise.all(${all}.map((one) => once(one, 1000)))) console.log(said);`,
    );
  }

  /** Runs a program of the host in the network of a pod. */
  async inPod(name: string, ...command: readonly string[]): Promise<string> {
    const { host, pid } = await this.sandbox(name);
    return host.run('nsenter', `--net=/proc/${pid}/ns/net`, ...command);
  }

  private async run(from: string, asking: string): Promise<readonly string[]> {
    const words = [process.execPath, '-e', `${ONCE} (async () => { ${asking} })();`] as const;
    const isHost = from.startsWith('host-');
    const output =
      from === 'machine'
        ? (await promisify(execFile)(words[0], words.slice(1))).stdout
        : await (isHost ? this.options.host(from).run(...words) : this.inPod(from, ...words));
    return output.trim().split('\n');
  }
  private async sandbox(name: string): Promise<{ readonly host: Host; readonly pid: number }> {
    const known = this.sandboxes.get(name);
    if (known) return known;
    const { node, uid } = await this.options.find(name);
    const host = this.options.host(node);
    const filters = encodeURIComponent(JSON.stringify({ label: [`io.shiplog.pod.uid=${uid}`] }));
    const { body } = await host.engine('GET', `/containers/json?filters=${filters}`);
    const [{ Id } = { Id: '' }] = body as readonly { readonly Id: string }[];
    const inspected = await host.engine('GET', `/containers/${Id}/json`);
    const { State } = inspected.body as { readonly State: { readonly Pid: number } };
    const sandbox = { host, pid: State.Pid };
    this.sandboxes.set(name, sandbox);
    return sandbox;
  }
}

const ONCE = `
  const once = (target, timeout) => new Promise((done) => {
    const url = 'http://' + target + '/cgi-bin/who';
    const request = require('node:http').get(url, { agent: false, timeout }, (answer) => {
      let text = '';
      answer.on('data', (data) => (text += data));
      answer.on('end', () => done(text.trim().split('\\n')[0].replace(/\\[::ffff:(.*)\\]/, '$1')));
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', (error) => done(error.code ?? error.message));
  });`;
