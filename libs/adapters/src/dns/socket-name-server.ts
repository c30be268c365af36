import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Clock, NameServer, NameService, PodNetwork, ServedNames } from '#ports';
import { Fault } from '#std';
import { Answerer } from './answerer.js';
import { bridgeAddress, type BridgeAddress } from './bridge-address.js';
import { DnsSockets } from './dns-sockets.js';
import { Forwarder } from './forwarder.js';
import { ResolverFile } from './resolver-file.js';

const PORT = 53;
const INTERFACES_MS = 5000;
const KNOWN_PODS_MAX = 4096;

export interface SocketNameServerOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** 53 by default. */
  readonly port?: number;
  /** Port of the servers outside; 53 by default. */
  readonly forwardPort?: number;
  /** `/etc/resolv.conf` by default. */
  readonly resolverFile?: string;
  readonly addresses?: BridgeAddress;
  readonly onBug?: (cause: unknown) => void;
}

/** DNS at an address of the pods' bridge, in this process. */
export class SocketNameServer implements NameServer {
  private readonly forwarder: Forwarder;
  /** By address. */
  private readonly sockets = new Map<string, DnsSockets>();
  private wished = '';
  private stopped = false;

  constructor(private readonly options: SocketNameServerOptions) {
    const { clock, resolverFile, forwardPort } = options;
    this.forwarder = new Forwarder({
      clock,
      servers: new ResolverFile(clock, resolverFile),
      ...(forwardPort !== undefined && { port: forwardPort }),
    });
  }

  /** The port that it listens on at the wished address; undefined while it does not. */
  get port(): number | undefined {
    return this.sockets.get(this.wished)?.port;
  }

  async serve(wish: NameService): Promise<ServedNames> {
    const { address, pods } = wish;
    this.wished = address;
    const { addresses = bridgeAddress } = this.options;
    const there = await addresses.of(pods.bridge);
    const own = [...new Set([address, ...ownAddressesOf(pods, there)])];
    let problem: Error | undefined;
    for (const at of own)
      await this.open(at, { ...wish, own, there }).catch((cause: Error) => {
        problem ??= cause;
      });
    if (this.stopped) await this.stop();
    const [served] = own.filter((at) => this.sockets.has(at));
    if (served === undefined) throw problem ?? new Fault('the name server has stopped', false);
    return served === address || !problem ? { address: served } : { address: served, problem: problem.message };
  }

  private async open(
    at: string,
    { address, pods, answer, own, there }: NameService & { own: readonly string[]; there: readonly string[] },
  ): Promise<void> {
    const { addresses = bridgeAddress, port = PORT, onBug, clock } = this.options;
    const isNew = at === address && !there.includes(address);
    if (isNew) await addresses.give(address, pods.bridge);
    if (this.sockets.has(at)) return;
    const answerer = new Answerer({ forwarder: this.forwarder, answer, own, ...(onBug && { onBug }) });
    try {
      this.sockets.set(at, await DnsSockets.open({ address: at, port, answerer, serves: sourcesOf(pods, clock) }));
    } catch (cause) {
      // Somebody else on this machine answers there.
      if (isNew) await addresses.take(address, pods.bridge).catch(() => undefined);
      throw new Fault(`nothing can listen at ${at} port ${port}: ${reasonOf(cause)}`, true, { cause });
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const all = [...this.sockets.values()];
    this.sockets.clear();
    await Promise.all(all.map((sockets) => sockets.close()));
  }
}

/** Addresses that the bridge has of its pods' network: of each bridge its own, so that several agents of a machine can serve. */
function ownAddressesOf({ cidr }: PodNetwork, there: readonly string[]): readonly string[] {
  const pods = listOf(cidr);
  return there.filter((address) => pods.check(address, familyOf(address)));
}
function listOf(cidr: string): BlockList {
  const list = new BlockList();
  const [network = '', bits] = cidr.split('/');
  list.addSubnet(network, Number(bits), familyOf(network));
  return list;
}
function reasonOf(cause: unknown): string {
  const { code, message } = cause as { code?: string; message: string };
  if (code === 'EADDRINUSE')
    return 'another program has that port, perhaps the agent of another cluster on this machine';
  if (code === 'EACCES') return 'the agent is not allowed to (it needs to be root or to have CAP_NET_BIND_SERVICE)';
  return message;
}

/**
 * Pods of the bridge and programs of this machine. Linux takes packets for each of its addresses on all interfaces: without this,
 * machines beside this one could use it.
 */
function sourcesOf({ cidr }: PodNetwork, clock: Pick<Clock, 'monotonic'>): (address: string) => boolean {
  const list = listOf(cidr);
  let own = new Set<string>();
  let until = -Infinity;
  const pods = new Set<string>();
  return (address) => {
    // A look into the list costs as much as an answer.
    if (pods.has(address)) return true;
    if (list.check(address, familyOf(address))) {
      if (pods.size >= KNOWN_PODS_MAX) pods.clear();
      pods.add(address);
      return true;
    }
    const now = clock.monotonic();
    if (now >= until) {
      until = now + INTERFACES_MS;
      own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address)));
    }
    return own.has(address);
  };
}
function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
