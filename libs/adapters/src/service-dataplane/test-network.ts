import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { PodNetwork, ServiceHealthServer } from '#ports';
import { NetworkNamespaces } from '../network-namespaces.js';

/**
 * A node in network namespaces of its own: a host with a bridge, two pods on it, and a client outside that reaches the host
 * alone.
 */
export class TestNetwork extends NetworkNamespaces<Part> {
  static readonly hostAddress = '192.0.2.10';
  static readonly outsideAddress = '192.0.2.20';
  readonly pods: PodNetwork = { bridge: 'pods0', cidr: '10.244.9.0/24' };

  static make(mark: string): TestNetwork {
    const network = new TestNetwork(`sl${mark}`, PARTS);
    network.build();
    return network;
  }

  addressOf(part: Part): string {
    if (part === 'host') return TestNetwork.hostAddress;
    if (part === 'outside') return TestNetwork.outsideAddress;
    return `10.244.9.${part === 'pod1' ? 2 : 3}`;
  }

  /** The same with addresses of IPv6. */
  get bothPods(): PodNetwork {
    return { ...this.pods, cidrIpv6: 'fd00:244:9::/64' };
  }
  ipv6Of(part: Part): string {
    if (part === 'host') return '2001:db8::10';
    if (part === 'outside') return '2001:db8::20';
    return `fd00:244:9::${part === 'pod1' ? 2 : 3}`;
  }

  /** Answers each connection and datagram with its name and who asked: `pod1 10.244.9.3`. Resolves once it listens. */
  serve(
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
        const udp = require('node:dgram').createSocket('${address.includes(':') ? 'udp6' : 'udp4'}');
        udp.on('message', (_, peer) => udp.send(answer(peer.address), peer.port, peer.address));
        udp.bind(${port}, '${address}', () => console.log('up'));
      });`;
    return this.serveBy(part, code);
  }

  /**
   * Answers of so many connections (or datagrams, of one socket each unless `port` is its own), one after the other. One that
   * fails says how: `ECONNREFUSED`, `timeout`. A target of IPv6 is in brackets, `[fd00::1]:80`.
   */
  ask(part: Part, target: string, times = 1, { udp = false, localPort = 0 } = {}): Promise<readonly string[]> {
    const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(target) ?? [];
    const tcp = `(done) => {
      const socket = require('node:net').connect({ port: ${port}, host: '${host}', ${localPort > 0 ? `localPort: ${localPort}` : ''} });
      socket.setTimeout(1500, () => { done('timeout'); socket.destroy(); });
      socket.once('data', (data) => { done(String(data).trim()); socket.${localPort > 0 ? 'resetAndDestroy' : 'destroy'}(); });
      socket.once('error', (error) => done(error.code));
      socket.once('close', () => done('closed'));
    }`;
    const datagram = `(done) => {
      const socket = require('node:dgram').createSocket('${host.includes(':') ? 'udp6' : 'udp4'}');
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
    return this.begin(part, ['-e', code], ['pipe', 'pipe', 'inherit']);
  }
  /** The answer to one HTTP request. */
  async get(part: Part, url: string): Promise<HttpAnswer> {
    const code = `
      require('node:http').get('${url}', { agent: false }, async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        console.log(JSON.stringify({ status: response.statusCode, headers: response.headers, text }));
      });`;
    const [line = ''] = await this.lines(part, code);
    return JSON.parse(line) as HttpAnswer;
  }
  /**
   * An object in a process of its own on the host, for what listens where its process is. `made` is JavaScript that makes it; its
   * methods take one list of arguments and answer with JSON.
   */
  remote(made: string): (method: string, ...words: readonly unknown[]) => Promise<unknown> {
    const code = `
      const { createInterface } = await import('node:readline');
      const object = await (async () => { ${made} })();
      for await (const line of createInterface({ input: process.stdin })) {
        const [method, words] = JSON.parse(line);
        const answer = await object[method](...words).then((value) => ({ value }), ({ message }) => ({ message }));
        console.log(JSON.stringify(answer));
      }
      process.exit(0);`;
    const words = ['--no-warnings', '--input-type=module', '-e', code];
    const { stdin, stdout } = this.begin('host', words, ['pipe', 'pipe', 'inherit']);
    if (!stdin || !stdout) throw new Error('the object has no pipes');
    const waiting: ((answer: string) => void)[] = [];
    createInterface({ input: stdout }).on('line', (line) => waiting.shift()?.(line));
    return async (method, ...given) => {
      const answer = new Promise<string>((resolve) => waiting.push(resolve));
      stdin.write(`${JSON.stringify([method, given])}\n`);
      const { message, value } = JSON.parse(await answer) as { readonly message?: string; readonly value?: unknown };
      if (message !== undefined) throw new Error(message);
      return value;
    };
  }
  /** The server of health checks, out of its source, on the host. */
  healthServer(): ServiceHealthServer {
    const file = join(process.cwd(), 'libs/adapters/src/service-dataplane/http-service-health.ts');
    const url = JSON.stringify(pathToFileURL(file).href);
    const call = this.remote(`return new (await import(${url})).HttpServiceHealth();`);
    return {
      serve: (checks, isHealthy) => call('serve', checks, isHealthy) as ReturnType<ServiceHealthServer['serve']>,
      stop: () => call('stop') as Promise<void>,
    };
  }
  private async lines(part: Part, code: string): Promise<readonly string[]> {
    return (await this.printedBy(part, process.execPath, '-e', code)).split('\n');
  }
  private build(): void {
    const { bridge } = this.pods;
    this.makeParts();
    this.addBridge('host', bridge, '10.244.9.1');
    for (const part of ['pod1', 'pod2'] as const)
      this.join(part, { part: 'host', link: part, bridge }, this.addressOf(part), '10.244.9.1');
    this.join('outside', { part: 'host', link: 'outside' }, TestNetwork.outsideAddress, TestNetwork.hostAddress);
    this.ipIn('host', `addr add ${TestNetwork.hostAddress}/24 dev outside`);
    this.ipIn('host', `route add default via ${TestNetwork.outsideAddress}`);
    this.forwardIn('host');
    this.ipIn('host', `addr add fd00:244:9::1/64 dev ${bridge} nodad`);
    for (const part of ['pod1', 'pod2', 'outside'] as const)
      this.ipIn(part, `addr add ${this.ipv6Of(part)}/64 dev eth0 nodad`);
    for (const part of ['pod1', 'pod2'] as const) this.ipIn(part, 'route add default via fd00:244:9::1');
    this.ipIn('host', `addr add ${this.ipv6Of('host')}/64 dev outside nodad`);
    this.ipIn('host', `route add default via ${this.ipv6Of('outside')}`);
    this.ipIn('outside', `route add default via ${this.ipv6Of('host')}`);
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}
export type Part = 'host' | 'pod1' | 'pod2' | 'outside';
const PARTS: readonly Part[] = ['host', 'pod1', 'pod2', 'outside'];
