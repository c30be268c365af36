import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { PodNetwork } from '#ports';

/**
 * Three nodes, each with a bridge and a pod, in network namespaces: `a` and `b` are on one network with a machine `outside`; `c` is
 * behind a router. Needs root and `ip`.
 */
export class RouterNetwork {
  static readonly podCidr = '10.251.0.0/16';
  static readonly outside = '192.0.2.9';
  private readonly servers: ChildProcess[] = [];

  /** `mark` keeps tests that run at once apart. */
  private constructor(private readonly mark: string) {}

  static make(mark: string): RouterNetwork {
    const network = new RouterNetwork(`slr${mark}`);
    network.remove();
    network.build();
    return network;
  }

  /** Words that run a program in a part of the network. */
  within(part: string): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.mark}-${part}`];
  }
  addressOf(node: NodeName): string {
    return { a: '192.0.2.1', b: '192.0.2.2', c: '198.51.100.3' }[node];
  }
  podsOf(node: NodeName): PodNetwork {
    return { bridge: 'pods0', cidr: `10.251.${NODES.indexOf(node) + 1}.0/24` };
  }
  podOf(node: NodeName): string {
    return this.podsOf(node).cidr.replace('0/24', '7');
  }
  gatewayOf(node: NodeName): string {
    return this.podsOf(node).cidr.replace('0/24', '1');
  }

  /** Answers each connection at port 80 with the address of who asks, and each datagram with its size. Resolves once it listens. */
  async serve(part: string): Promise<void> {
    const code = `require('node:net').createServer((socket) => {
      socket.on('error', () => {});
      socket.end(socket.remoteAddress.replace('::ffff:', ''));
    }).listen(80, () => {
      const udp = require('node:dgram').createSocket('udp4');
      udp.on('message', (data, { port, address }) => udp.send(String(data.length), port, address));
      udp.bind(80, () => console.log('up'));
    });`;
    const [program = '', ...words] = [...this.within(part), process.execPath, '-e', code];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.servers.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`the server in ${part} ended: ${status}`)));
    });
  }
  /** What the server at an address says, or how it failed: `EHOSTUNREACH`, `timeout`. */
  async ask(part: string, address: string): Promise<string> {
    return (await this.askAll(part, [address]))[0] ?? '';
  }
  async askAll(part: string, addresses: readonly string[]): Promise<readonly string[]> {
    const code = `
      const ask = (address) => new Promise((end) => {
        const socket = require('node:net').connect(80, address);
        socket.setTimeout(1500, () => end('timeout'));
        socket.once('data', (data) => end(String(data)));
        socket.once('error', (error) => end(error.code));
      });
      Promise.all(process.argv.slice(1).map(ask)).then((all) => { console.log(all.join(' ')); process.exit(0); });`;
    return (await this.run(part, process.execPath, '-e', code, ...addresses)).trim().split(' ');
  }
  /** Whether a packet of so many bytes, headers of IP and UDP included, that nobody may take apart is answered. */
  async passes(part: string, address: string, bytes: number): Promise<boolean> {
    // IP_MTU_DISCOVER is IP_PMTUDISC_PROBE: not in parts, whatever was heard of the path.
    const code = `socket($s, PF_INET, SOCK_DGRAM, 0); setsockopt($s, 0, 10, pack("i", 3));
      connect($s, sockaddr_in(80, inet_aton($ARGV[0]))); send($s, "x" x $ARGV[1], 0) or exit 1;
      alarm 1; recv($s, $answer, 100, 0); print "answered: $answer";`;
    const said = await this.run(part, 'perl', '-MSocket', '-e', code, address, String(bytes - 28));
    return said === `answered: ${bytes - 28}`;
  }
  run(part: string, ...command: readonly string[]): Promise<string> {
    const [program = '', ...words] = [...this.within(part), ...command];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
    return new Promise((resolve) => child.once('close', () => resolve(text)));
  }
  /** All that a router may have made on a node. */
  async stateOf(node: NodeName): Promise<string> {
    const commands = [
      ['ip', '-4', 'route', 'show'],
      ['nft', 'list', 'ruleset'],
      [
        'sh',
        '-c',
        'for l in $(grep -o slx[0-9a-f]* /proc/net/dev); do ip -d addr show $l | sed s/^[0-9]*//; ip neigh show dev $l; bridge fdb show dev $l; done',
      ],
    ];
    const shown = await Promise.all(commands.map((words) => this.run(node, ...words)));
    return shown.map((text) => text.replaceAll(' tentative', '')).join('\n');
  }

  remove(): void {
    for (const server of this.servers) server.kill('SIGKILL');
    for (const part of PARTS) spawnSync('ip', ['netns', 'delete', `${this.mark}-${part}`], { stdio: 'ignore' });
  }

  private build(): void {
    const name = (part: string): string => `${this.mark}-${part}`;
    const ip = (words: string): void => must('ip', words.split(' '));
    for (const part of PARTS) {
      ip(`netns add ${name(part)}`);
      ip(`-n ${name(part)} link set lo up`);
      must('nsenter', [...this.within(part).slice(1), 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    }
    ip(`-n ${name('fabric')} link add lan type bridge`);
    ip(`-n ${name('fabric')} addr add 192.0.2.254/24 dev lan`);
    ip(`-n ${name('fabric')} link set lan up`);
    const join = (part: string, address: string, gateway: string): void => {
      ip(`-n ${name(part)} link add eth0 type veth peer name ${part} netns ${name('fabric')}`);
      ip(`-n ${name(part)} addr add ${address}/24 dev eth0`);
      ip(`-n ${name(part)} link set eth0 up`);
      ip(`-n ${name('fabric')} link set dev ${part} up`);
      ip(`-n ${name(part)} route add default via ${gateway}`);
    };
    for (const part of ['a', 'b', 'outside'] as const) {
      join(part, part === 'outside' ? RouterNetwork.outside : this.addressOf(part), '192.0.2.254');
      ip(`-n ${name('fabric')} link set dev ${part} master lan`);
    }
    join('c', this.addressOf('c'), '198.51.100.254');
    ip(`-n ${name('fabric')} addr add 198.51.100.254/24 dev c`);
    for (const node of NODES) {
      const pod = name(`${node}-pod`);
      ip(`-n ${name(node)} link add pods0 type bridge`);
      ip(`-n ${name(node)} addr add ${this.gatewayOf(node)}/24 dev pods0`);
      ip(`-n ${name(node)} link set pods0 up`);
      ip(`-n ${pod} link add eth0 type veth peer name pod netns ${name(node)}`);
      ip(`-n ${name(node)} link set pod master pods0 up`);
      ip(`-n ${pod} addr add ${this.podOf(node)}/24 dev eth0`);
      ip(`-n ${pod} link set eth0 up`);
      ip(`-n ${pod} route add default via ${this.gatewayOf(node)}`);
    }
  }
}

export type NodeName = 'a' | 'b' | 'c';
export const NODES: readonly NodeName[] = ['a', 'b', 'c'];
const PARTS = ['fabric', 'outside', ...NODES, ...NODES.map((node) => `${node}-pod`)];

function must(program: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}
