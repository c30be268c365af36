import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';

/** Parts of a network for tests, each in a network namespace of its own, with programs that run in them. Needs root and `ip`. */
export abstract class NetworkNamespaces<Part extends string> {
  private readonly children: ChildProcess[] = [];

  /** `mark` keeps tests that run at once apart. */
  protected constructor(
    private readonly mark: string,
    private readonly parts: readonly Part[],
  ) {
    this.remove();
  }

  /** Words that run a program in a part of the network. */
  within(part: Part): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.mark}-${part}`];
  }
  /** What a program printed, without its complaints. */
  run(part: Part, ...command: readonly string[]): string {
    const [program = '', ...words] = [...this.within(part), ...command];
    return spawnSync(program, words, { encoding: 'utf8' }).stdout;
  }
  remove(): void {
    for (const child of this.children) child.kill('SIGKILL');
    for (const part of this.parts) spawnSync('ip', ['netns', 'delete', this.nameOf(part)], { stdio: 'ignore' });
  }

  protected makeParts(): void {
    for (const part of this.parts) {
      this.ip(`netns add ${this.nameOf(part)}`);
      this.ip(`-n ${this.nameOf(part)} link set lo up`);
      // Addresses of IPv6 are used at once: nobody else has them.
      must([...this.within(part), 'sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad']);
    }
  }
  protected forwardIn(part: Part): void {
    const files = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'];
    must([...this.within(part), 'sh', '-c', files.map((file) => `echo 1 > ${file}`).join('; ')]);
  }
  /** A bridge with an address in a part. */
  protected addBridge(part: Part, bridge: string, address: string): void {
    this.ipIn(part, `link add ${bridge} type bridge`);
    this.ipIn(part, `addr add ${address}/24 dev ${bridge}`);
    this.ipIn(part, `link set ${bridge} up`);
  }
  /** Joins a part by its `eth0` to a link of another one, which has the gateway. */
  protected join(
    part: Part,
    to: { part: Part; link: string; bridge?: string },
    address: string,
    gateway: string,
  ): void {
    this.ipIn(part, `link add eth0 type veth peer name ${to.link} netns ${this.nameOf(to.part)}`);
    this.ipIn(part, `addr add ${address}/24 dev eth0`);
    this.ipIn(part, 'link set eth0 up');
    this.ipIn(to.part, `link set dev ${to.link} up`);
    if (to.bridge !== undefined) this.ipIn(to.part, `link set dev ${to.link} master ${to.bridge}`);
    this.ipIn(part, `route add default via ${gateway}`);
  }
  protected ipIn(part: Part, words: string): void {
    this.ip(`-n ${this.nameOf(part)} ${words}`);
  }

  /** A program of Node that goes on until the network is removed. */
  protected begin(part: Part, words: readonly string[], stdio: StdioOptions): ChildProcess {
    const child = this.spawn(part, [process.execPath, ...words], stdio);
    this.children.push(child);
    return child;
  }
  /** A server of Node; resolves once it has printed something. */
  protected async serveBy(part: Part, code: string): Promise<void> {
    const child = this.begin(part, ['-e', code], ['ignore', 'pipe', 'inherit']);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`the server in ${part} ended: ${status}`)));
    });
  }
  /** What a program prints until it ends, while others go on. */
  protected async printedBy(part: Part, ...command: readonly string[]): Promise<string> {
    const child = this.spawn(part, command, ['ignore', 'pipe', 'inherit']);
    let text = '';
    child.stdout?.on('data', (data: Buffer) => (text += data.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    return text.trim();
  }

  private nameOf(part: Part): string {
    return `${this.mark}-${part}`;
  }
  private ip(words: string): void {
    must(['ip', ...words.split(' ')]);
  }
  private spawn(part: Part, command: readonly string[], stdio: StdioOptions): ChildProcess {
    const [program = '', ...words] = [...this.within(part), ...command];
    return spawn(program, words, { stdio, cwd: process.cwd() });
  }
}

function must([program = '', ...words]: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}
