import type { PodNetwork } from '#ports';
import { NetworkNamespaces } from '../network-namespaces.js';

/**
 * Three nodes, each with a bridge and a pod, in network namespaces: `a` and `b` are on one network with a machine `outside`; `c` is
 * behind a router.
 */
export class RouterNetwork extends NetworkNamespaces<Part> {
  static readonly podCidr = '10.251.0.0/16';
  static readonly outside = '192.0.2.9';
  static readonly podCidrIpv6 = 'fd00:251::/56';
  static readonly outsideIpv6 = '2001:db8::9';

  static make(mark: string): RouterNetwork {
    const network = new RouterNetwork(`slr${mark}`, PARTS);
    network.build();
    return network;
  }

  addressOf(node: NodeName): string {
    return { a: '192.0.2.1', b: '192.0.2.2', c: '198.51.100.3' }[node];
  }
  podsOf(node: NodeName): PodNetwork {
    return { bridge: 'pods0', cidr: `10.251.${NODES.indexOf(node) + 1}.0/24` };
  }
  /** The same with addresses of IPv6. */
  bothPodsOf(node: NodeName): PodNetwork & { readonly cidrIpv6: string } {
    return { ...this.podsOf(node), cidrIpv6: `fd00:251:0:${NODES.indexOf(node) + 1}::/64` };
  }
  ipv6Of(node: NodeName | `${NodeName}-pod`): string {
    const name = node.charAt(0) as NodeName;
    return node === name ? `2001:db8::${NODES.indexOf(name) + 1}` : this.bothPodsOf(name).cidrIpv6.replace('/64', '7');
  }
  gatewayIpv6Of(node: NodeName): string {
    return this.bothPodsOf(node).cidrIpv6.replace('/64', '1');
  }
  podOf(node: NodeName): string {
    return this.podsOf(node).cidr.replace('0/24', '7');
  }
  gatewayOf(node: NodeName): string {
    return this.podsOf(node).cidr.replace('0/24', '1');
  }

  /** Answers each connection at port 80 with the address of who asks, and each datagram with its size. Resolves once it listens. */
  serve(part: Part): Promise<void> {
    return this.serveBy(
      part,
      `require('node:net').createServer((socket) => {
      socket.on('error', () => {});
      socket.end(socket.remoteAddress.replace('::ffff:', ''));
    }).listen(80, () => {
      const udp = require('node:dgram').createSocket('udp4');
      udp.on('message', (data, { port, address }) => udp.send(String(data.length), port, address));
      udp.bind(80, () => console.log('up'));
    });`,
    );
  }
  /** What the server at an address says, or how it failed: `EHOSTUNREACH`, `timeout`. */
  async ask(part: Part, address: string): Promise<string> {
    return (await this.askAll(part, [address]))[0] ?? '';
  }
  async askAll(part: Part, addresses: readonly string[]): Promise<readonly string[]> {
    const code = `
      const ask = (address) => new Promise((end) => {
        const socket = require('node:net').connect(80, address);
        socket.setTimeout(1500, () => end('timeout'));
        socket.once('data', (data) => end(String(data)));
        socket.once('error', (error) => end(error.code));
      });
      Promise.all(process.argv.slice(1).map(ask)).then((all) => { console.log(all.join(' ')); process.exit(0); });`;
    return (await this.printedBy(part, process.execPath, '-e', code, ...addresses)).split(' ');
  }
  /** What a program of Node prints. */
  printed(part: Part, code: string): Promise<string> {
    return this.printedBy(part, process.execPath, '-e', code);
  }
  /** Whether a packet of so many bytes, headers of IP and UDP included, that nobody may take apart is answered. */
  async passes(part: Part, address: string, bytes: number): Promise<boolean> {
    // IP_MTU_DISCOVER is IP_PMTUDISC_PROBE: not in parts, whatever was heard of the path.
    const code = `socket($s, PF_INET, SOCK_DGRAM, 0); setsockopt($s, 0, 10, pack("i", 3));
      connect($s, sockaddr_in(80, inet_aton($ARGV[0]))); send($s, "x" x $ARGV[1], 0) or exit 1;
      alarm 1; recv($s, $answer, 100, 0); print "answered: $answer";`;
    const said = await this.printedBy(part, 'perl', '-MSocket', '-e', code, address, String(bytes - 28));
    return said === `answered: ${bytes - 28}`;
  }
  /** Which datagrams from the first address of a node's range to that of another are answered, by their ports. */
  async probed(from: NodeName, to: NodeName, ports: readonly number[]): Promise<readonly number[]> {
    const code = `
      const [own, other, ...ports] = process.argv.slice(1);
      const answered = [];
      for (const port of ports) {
        const socket = require('node:dgram').createSocket('udp4');
        socket.on('message', (data, sender) => sender.address === other && answered.push(port));
        socket.bind(Number(port), own, () => socket.send('who', Number(port), other, () => {}));
      }
      setTimeout(() => { console.log(answered.sort().join(' ')); process.exit(0); }, 400);`;
    const words = [this.gatewayOf(from), this.gatewayOf(to), ...ports.map(String)];
    const said = await this.printedBy(from, process.execPath, '-e', code, ...words);
    return said === '' ? [] : said.split(' ').map(Number);
  }
  /** Answers each datagram at these ports of the node's first address. Resolves once it listens. */
  serveProbes(node: NodeName, ports: readonly number[]): Promise<void> {
    return this.serveBy(
      node,
      `let left = ${ports.length};
      for (const port of ${JSON.stringify(ports)}) {
        const socket = require('node:dgram').createSocket('udp4');
        socket.on('message', (data, { port, address }) => socket.send(data, port, address, () => {}));
        socket.bind(port, '${this.gatewayOf(node)}', () => --left === 0 && console.log('up'));
      }`,
    );
  }
  /** The network between the nodes drops what has an address of a pod, or no longer does. */
  dropPods(isDropping: boolean): void {
    const rules = `table bridge strict { chain pods { type filter hook forward priority 0; ip saddr ${RouterNetwork.podCidr} drop; ip daddr ${RouterNetwork.podCidr} drop; }; }`;
    if (isDropping) this.run('fabric', 'nft', rules);
    else this.run('fabric', 'nft', 'delete table bridge strict');
  }
  /** How a node checks where packets come from: not at all, strictly, or loosely. */
  checkSources(node: NodeName, how: 0 | 1 | 2): void {
    for (const device of ['all', 'eth0']) this.run(node, 'sysctl', '-qw', `net.ipv4.conf.${device}.rp_filter=${how}`);
  }
  /** All that a router may have made on a node. */
  stateOf(node: NodeName): string {
    const commands = [
      ['ip', '-4', 'route', 'show'],
      ['ip', '-4', 'route', 'show', 'table', 'all', 'proto', '83'],
      ['ip', '-4', 'rule', 'show'],
      ['ip', '-6', 'route', 'show', 'proto', '83'],
      ['nft', 'list', 'ruleset'],
      [
        'sh',
        '-c',
        'for l in $(grep -o slx[0-9a-f]* /proc/net/dev); do ip -d addr show $l | sed s/^[0-9]*//; ip neigh show dev $l; bridge fdb show dev $l; done',
      ],
    ];
    const shown = commands.map((words) => this.run(node, ...words));
    return shown.map((text) => text.replaceAll(' tentative', '')).join('\n');
  }

  private build(): void {
    this.makeParts();
    for (const part of PARTS) this.forwardIn(part);
    this.addBridge('fabric', 'lan', '192.0.2.254');
    for (const part of ['a', 'b', 'outside'] as const) {
      const address = part === 'outside' ? RouterNetwork.outside : this.addressOf(part);
      this.join(part, { part: 'fabric', link: part, bridge: 'lan' }, address, '192.0.2.254');
    }
    this.join('c', { part: 'fabric', link: 'c' }, this.addressOf('c'), '198.51.100.254');
    this.ipIn('fabric', 'addr add 198.51.100.254/24 dev c');
    for (const node of NODES) {
      const gateway = this.gatewayOf(node);
      this.addBridge(node, 'pods0', gateway);
      this.join(`${node}-pod`, { part: node, link: 'pod', bridge: 'pods0' }, this.podOf(node), gateway);
      this.ipIn(node, `addr add ${this.gatewayIpv6Of(node)}/64 dev pods0 nodad`);
      this.ipIn(`${node}-pod`, `addr add ${this.ipv6Of(`${node}-pod`)}/64 dev eth0 nodad`);
      this.ipIn(`${node}-pod`, `route add default via ${this.gatewayIpv6Of(node)}`);
    }
    // `c` has no address of IPv6 that the others could reach.
    for (const part of ['a', 'b'] as const) this.ipIn(part, `addr add ${this.ipv6Of(part)}/64 dev eth0 nodad`);
    this.ipIn('outside', `addr add ${RouterNetwork.outsideIpv6}/64 dev eth0 nodad`);
  }
}

export type NodeName = 'a' | 'b' | 'c';
export const NODES: readonly NodeName[] = ['a', 'b', 'c'];
export type Part = NodeName | `${NodeName}-pod` | 'fabric' | 'outside';
const PARTS: readonly Part[] = ['fabric', 'outside', ...NODES, ...NODES.map((node) => `${node}-pod` as const)];
