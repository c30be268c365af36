import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { PodNetwork } from '#ports';

/**
 * A node in network namespaces of its own: a host with a bridge, two pods on it, and a client outside that reaches the host
 * alone. Needs root and `ip`.
 */
export class TestNetwork {
  static readonly hostAddress = '192.0.2.10';
  static readonly outsideAddress = '192.0.2.20';
  readonly pods: PodNetwork = { bridge: 'pods0', cidr: '10.244.9.0/24' };
  private readonly servers: ChildProcess[] = [];

  /** `mark` keeps tests that run at once apart. */
  private constructor(private readonly mark: string) {}

  static make(mark: string): TestNetwork {
    const network = new TestNetwork(`sl${mark}`);
    network.remove();
    network.build();
    return network;
  }

  /** Words that run a program in a part of the network. */
  within(part: Part): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.mark}-${part}`];
  }
  addressOf(part: Part): string {
    if (part === 'host') return TestNetwork.hostAddress;
    if (part === 'outside') return TestNetwork.outsideAddress;
    return `10.244.9.${part === 'pod1' ? 2 : 3}`;
  }

  /** Answers each connection and datagram with its name and who asked: `pod1 10.244.9.3`. Resolves once it listens. */
  async serve(
    part: Part,
    { port, address = '0.0.0.0' }: { readonly port: number; readonly address?: string },
  ): Promise<void> {
    const code = `
      const answer = (peer) => '${part} ' + peer.replace('::ffff:', '') + '\\n';
      require('node:net').createServer((socket) => {
        socket.on('error', () => {});
        socket.write(answer(socket.remoteAddress));
        socket.on('data', (data) => String(data) === 'end' ? socket.end() : socket.write(data));
      }).listen(${port}, '${address}', () => {
        const udp = require('node:dgram').createSocket('udp4');
        udp.on('message', (_, peer) => udp.send(answer(peer.address), peer.port, peer.address));
        udp.bind(${port}, '${address}', () => console.log('up'));
      });`;
    const [program = '', ...words] = [...this.within(part), process.execPath, '-e', code];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.servers.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`the server in ${part} ended: ${status}`)));
    });
  }

  /**
   * Answers of so many connections (or datagrams, of one socket each unless `port` is its own), one after the other. One that
   * fails says how: `ECONNREFUSED`, `timeout`.
   */
  ask(part: Part, target: string, times = 1, { udp = false, localPort = 0 } = {}): Promise<readonly string[]> {
    const [host = '', port = ''] = target.split(':');
    const tcp = `(done) => {
      const socket = require('node:net').connect(${port}, '${host}', () => {});
      socket.setTimeout(1500, () => { done('timeout'); socket.destroy(); });
      socket.once('data', (data) => { done(String(data).trim()); socket.destroy(); });
      socket.once('error', (error) => done(error.code));
    }`;
    const datagram = `(done) => {
      const socket = require('node:dgram').createSocket('udp4');
      const end = (text) => { clearTimeout(timer); socket.close(() => done(text)); };
      const timer = setTimeout(() => end('timeout'), 1500);
      socket.once('message', (data) => end(String(data).trim()));
      socket.once('error', (error) => end(error.code));
      socket.bind(${localPort}, () => socket.connect(${port}, '${host}', () => socket.send('x')));
    }`;
    const code = `
      const once = ${udp ? datagram : tcp};
      (async () => { for (let i = 0; i < ${times}; i++) console.log(await new Promise(once)); process.exit(0); })();`;
    return this.lines(part, code);
  }
  /** A connection that stays: its process, whose output has what the server sent. */
  hold(part: Part, target: string): ChildProcess {
    const [host = '', port = ''] = target.split(':');
    const code = `
      const socket = require('node:net').connect(${port}, '${host}');
      socket.on('data', (data) => process.stdout.write(data));
      socket.on('error', (error) => { console.log(error.code); process.exit(1); });
      process.stdin.on('data', (data) => socket.write(data));`;
    const [program = '', ...words] = [...this.within(part), process.execPath, '-e', code];
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.servers.push(child);
    return child;
  }
  run(part: Part, ...command: readonly string[]): string {
    const [program = '', ...words] = [...this.within(part), ...command];
    return spawnSync(program, words, { encoding: 'utf8' }).stdout;
  }

  remove(): void {
    for (const server of this.servers) server.kill('SIGKILL');
    for (const part of PARTS) spawnSync('ip', ['netns', 'delete', `${this.mark}-${part}`]);
  }

  private lines(part: Part, code: string): Promise<readonly string[]> {
    const [program = '', ...words] = [...this.within(part), process.execPath, '-e', code];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    return new Promise((resolve) => child.once('close', () => resolve(text.trim().split('\n'))));
  }
  private build(): void {
    const { bridge } = this.pods;
    const name = (part: Part): string => `${this.mark}-${part}`;
    const ip = (...words: readonly string[]): void => must('ip', words);
    for (const part of PARTS) {
      ip('netns', 'add', name(part));
      ip('-n', name(part), 'link', 'set', 'lo', 'up');
    }
    const join = (part: Part, address: string, gateway: string): void => {
      ip('-n', name(part), 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', part, 'netns', name('host'));
      ip('-n', name(part), 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', name(part), 'link', 'set', 'eth0', 'up');
      ip('-n', name('host'), 'link', 'set', part, 'up');
      ip('-n', name(part), 'route', 'add', 'default', 'via', gateway);
    };
    ip('-n', name('host'), 'link', 'add', bridge, 'type', 'bridge');
    ip('-n', name('host'), 'addr', 'add', '10.244.9.1/24', 'dev', bridge);
    ip('-n', name('host'), 'link', 'set', bridge, 'up');
    for (const part of ['pod1', 'pod2'] as const) {
      join(part, this.addressOf(part), '10.244.9.1');
      ip('-n', name('host'), 'link', 'set', part, 'master', bridge);
    }
    join('outside', TestNetwork.outsideAddress, TestNetwork.hostAddress);
    ip('-n', name('host'), 'addr', 'add', `${TestNetwork.hostAddress}/24`, 'dev', 'outside');
    ip('-n', name('host'), 'route', 'add', 'default', 'via', TestNetwork.outsideAddress);
    this.run('host', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  }
}

export type Part = 'host' | 'pod1' | 'pod2' | 'outside';
const PARTS: readonly Part[] = ['host', 'pod1', 'pod2', 'outside'];

function must(program: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}
