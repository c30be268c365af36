import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Namespace, type NamespaceOptions } from './namespace.js';
import { rulesOf, type Cut, type Stranger } from './rules.js';

/** 198.18.0.0/15 is set aside for tests of networks (RFC 2544): no machine has it otherwise. */
const SLOTS = 256;
/** The machine that the hosts run on is the last address of their network, and a port of the bridge like any host. */
export const MACHINE = 'machine';
const MACHINE_NUMBER = 254;
const LINK_PREFIX = 'shiplog-';
const BRIDGE = 'lan';
const DELAY_START_MS = 20_000;
const root = process.cwd();

/** A host as the fabric knows it. */
export interface Port {
  /** Name of the host and of its port at the bridge. */
  readonly name: string;
  /** 1 to 253, the last part of its address. */
  readonly number: number;
}

/** What is wrong with a host's link. */
interface Trouble {
  isCut?: boolean;
  lossPercent?: number;
  megabits?: number;
  delay?: { readonly ms: number; readonly queue: ChildProcess };
}

/** The bridge that joins the hosts, in a namespace of its own, and the faults of its links. */
export class Fabric {
  private readonly namespaces = new Map<string, Namespace>();
  private readonly ports = new Map<string, Port>();
  private readonly troubles = new Map<string, Trouble>();
  private readonly cuts: Cut[] = [];
  private readonly strangers: Stranger[] = [];

  private constructor(
    private readonly own: Namespace,
    private readonly slot: number,
  ) {}

  /** Takes a network that nobody else on this machine has. */
  static async open(options: Pick<NamespaceOptions, 'program' | 'group'>): Promise<Fabric> {
    // Neither bridge nor ports send anything of their own.
    const prepare = '[ ! -e /proc/sys/net/ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6';
    const own = await Namespace.open({ ...options, name: 'fabric', prepare });
    const fabric = new Fabric(own, linkToMachine(own.pid));
    ip('address', 'add', `${fabric.machineAddress}/24`, 'dev', fabric.link);
    ip('link', 'set', fabric.link, 'up');
    await fabric.batch(
      `link add ${BRIDGE} type bridge mcast_snooping 0`,
      `link set dev ${BRIDGE} up`,
      `link set dev ${MACHINE} master ${BRIDGE}`,
      `link set dev ${MACHINE} up`,
    );
    return fabric;
  }

  /** The machine's interface to the hosts. */
  get link(): string {
    return `${LINK_PREFIX}${this.slot}`;
  }
  get machineAddress(): string {
    return this.addressOf({ number: MACHINE_NUMBER });
  }
  addressOf({ number }: Pick<Port, 'number'>): string {
    return `198.18.${this.slot}.${number}`;
  }

  /** Gives a host its link, with what troubles it. Its hardware address is the same each time. */
  async connect(port: Port, namespace: Namespace): Promise<void> {
    const { name, number } = port;
    const mac = `02:53:4c:00:00:${number.toString(16).padStart(2, '0')}`;
    ip(
      ...`link add eth0 netns ${namespace.pid} address ${mac} type veth peer name ${name} netns ${this.own.pid}`.split(
        ' ',
      ),
    );
    this.namespaces.set(name, namespace);
    this.ports.set(name, port);
    const { isCut, megabits, delay } = this.troubleOf(name);
    await this.batch(
      `link set dev ${name} master ${delay ? delayBridge(port) : BRIDGE}`,
      `link set dev ${name} ${isCut ? 'down' : 'up'}`,
    );
    const address = this.addressOf(port);
    await batchIn(
      namespace,
      'link set lo up',
      `address add ${address}/24 dev eth0`,
      'link set eth0 up',
      `route add default via ${this.machineAddress}`,
    );
    if (megabits !== undefined) await this.slow(name, megabits);
  }

  /** Takes a host's link away, before the host goes: the kernel would do so some time after. */
  async disconnect(name: string): Promise<void> {
    this.namespaces.delete(name);
    await this.batch(`link delete dev ${name}`);
  }

  /** Pulls the cable of a host: it sees that its link is down. */
  async cut(name: string): Promise<void> {
    this.troubleOf(name).isCut = true;
    if (this.namespaces.has(name)) await this.batch(`link set dev ${name} down`);
  }

  /** Drops what goes from one host to another, and nothing else. Either may be the machine, or all. */
  async cutOneWay(from: string | undefined, to: string | undefined): Promise<void> {
    this.cuts.push({ from, to });
    await this.applyRules();
  }

  /** Drops what goes between two hosts; both reach all others. */
  async cutPair(a: string, b: string): Promise<void> {
    this.cuts.push({ from: a, to: b }, { from: b, to: a });
    await this.applyRules();
  }

  /** Drops what has an address of this network, of what a host sends, or of what all do. Healing all links ends it. */
  async dropAddresses(cidr: string, from?: string): Promise<void> {
    this.strangers.push({ cidr, from });
    try {
      await this.applyRules();
    } catch (cause) {
      // What is no network would be refused with every other fault too.
      this.strangers.pop();
      throw cause;
    }
  }

  /** Loses this share of a host's frames, of those that it sends and of those that it is sent. */
  async lose(name: string, percent: number): Promise<void> {
    this.troubleOf(name).lossPercent = percent;
    await this.applyRules();
  }

  /** Lets so many megabits a second through, each way. */
  async slow(name: string, megabits: number): Promise<void> {
    this.troubleOf(name).megabits = megabits;
    const namespace = this.namespaces.get(name);
    if (namespace === undefined) return;
    // A bucket of a hundredth of a second holds at least some full frames.
    const burst = Math.max(32_768, Math.ceil((megabits * 1_000_000) / 8 / 100));
    const shape = ['root', 'tbf', 'rate', `${megabits}mbit`, 'burst', `${burst}`, 'latency', '400ms'];
    await this.own.run('tc', ['qdisc', 'replace', 'dev', name, ...shape]);
    await namespace.run('tc', ['qdisc', 'replace', 'dev', 'eth0', ...shape]);
  }

  /** Holds each frame for so many milliseconds, each way: the frames pass through a program. */
  async delay(name: string, ms: number): Promise<void> {
    const port = this.portOf(name);
    if (this.troubleOf(name).delay) await this.undelay(port);
    const [near, far] = delayTaps(port);
    const bridge = delayBridge(port);
    const queue = this.own.spawn('perl', [
      join(root, 'test/support/hosts/frame-queue.pl'),
      ...[near, far, process.execPath, join(root, 'test/support/hosts/frame-queue.mjs'), `${ms}`],
    ]);
    this.troubleOf(name).delay = { ms, queue };
    await this.batch(`link add ${bridge} type bridge mcast_snooping 0`, `link set dev ${bridge} up`);
    await this.untilThere(far, queue);
    await this.batch(
      ...[near, far].map((tap) => `link set dev ${tap} up`),
      `link set dev ${near} master ${bridge}`,
      `link set dev ${far} master ${BRIDGE}`,
      ...(this.namespaces.has(name) ? [`link set dev ${name} master ${bridge}`] : []),
    );
  }

  /** Ends the faults of a host, cuts between it and others too; without a name those of all. */
  async heal(name?: string): Promise<void> {
    for (const one of name === undefined ? [...this.troubles.keys()] : [name]) await this.healLink(one);
    const stays = ({ from, to }: Cut): boolean => name !== undefined && from !== name && to !== name;
    this.cuts.splice(0, Infinity, ...this.cuts.filter(stays));
    if (name === undefined) this.strangers.length = 0;
    await this.applyRules();
  }

  async close(): Promise<void> {
    ip('link', 'delete', this.link);
    await this.own.kill();
  }

  private async healLink(name: string): Promise<void> {
    const { isCut, megabits, delay } = this.troubleOf(name);
    const namespace = this.namespaces.get(name);
    if (delay) await this.undelay(this.portOf(name));
    if (isCut && namespace) await this.batch(`link set dev ${name} up`);
    if (megabits !== undefined && namespace) {
      await this.own.run('tc', ['qdisc', 'delete', 'dev', name, 'root']);
      await namespace.run('tc', ['qdisc', 'delete', 'dev', 'eth0', 'root']);
    }
    this.troubles.delete(name);
  }

  private async undelay(port: Port): Promise<void> {
    const trouble = this.troubleOf(port.name);
    const queue = trouble.delay?.queue;
    delete trouble.delay;
    if (this.namespaces.has(port.name)) await this.batch(`link set dev ${port.name} master ${BRIDGE}`);
    // Without one of its devices the program ends, and the other device with it. What waited in it is lost.
    const [near] = delayTaps(port);
    const gone = queue && queue.exitCode === null && queue.signalCode === null ? once(queue, 'exit') : undefined;
    await this.batch(`link delete dev ${near}`, `link delete dev ${delayBridge(port)}`);
    await gone;
  }

  private async applyRules(): Promise<void> {
    const losses = [...this.troubles].flatMap(([name, { lossPercent }]) =>
      lossPercent === undefined ? [] : [{ name, percent: lossPercent }],
    );
    const portsOf = (name: string): readonly string[] => {
      const port = this.ports.get(name);
      return port === undefined ? [name] : [name, delayTaps(port)[1]];
    };
    await this.own.run('nft', ['-f', '-'], {
      input: rulesOf({ strangers: this.strangers, cuts: this.cuts, losses, portsOf }),
    });
  }

  private troubleOf(name: string): Trouble {
    const trouble = this.troubles.get(name) ?? {};
    this.troubles.set(name, trouble);
    return trouble;
  }
  private portOf(name: string): Port {
    const port = this.ports.get(name);
    if (port === undefined) throw new Error(`there is no host ${name}`);
    return port;
  }

  private batch(...commands: readonly string[]): Promise<string> {
    return batchIn(this.own, ...commands);
  }

  private async untilThere(tap: string, queue: ChildProcess): Promise<void> {
    for (const end = performance.now() + DELAY_START_MS; performance.now() < end; await sleep(10)) {
      if (queue.exitCode !== null) break;
      if ((await this.own.run('cat', ['/proc/net/dev'])).includes(` ${tap}:`)) return;
    }
    throw new Error('no TAP device could be opened for the delay: is /dev/net/tun there?');
  }
}

/** A host with a delay is at a bridge of its own; the delaying program joins that to the bridge of all. */
function delayBridge({ number }: Port): string {
  return `delay-${number}`;
}
/** The devices of the delaying program: at the host's own bridge, at the bridge of all. */
function delayTaps({ number }: Port): readonly [string, string] {
  return [`near-${number}`, `far-${number}`];
}

/** Joins a namespace to the machine. That a name is taken says that its network is, so the kernel is the judge. */
function linkToMachine(pid: number): number {
  const first = Math.floor(Math.random() * SLOTS);
  for (let i = 0; i < SLOTS; i++) {
    const slot = (first + i) % SLOTS;
    try {
      ip(...`link add ${LINK_PREFIX}${slot} type veth peer name ${MACHINE} netns ${pid}`.split(' '));
      return slot;
    } catch (cause) {
      if (!/File exists/.test(String(cause))) throw cause;
    }
  }
  throw new Error(`all ${SLOTS} networks for test hosts are in use`);
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Commands of `ip`, in one call. */
function batchIn(namespace: Namespace, ...commands: readonly string[]): Promise<string> {
  return namespace.run('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
}
