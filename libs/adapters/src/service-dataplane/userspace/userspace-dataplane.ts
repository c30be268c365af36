import { cidrContains, parseCidr, parseIp } from '#meta';
import type { Frontend, FrontendChanges } from '#model';
import type { ContainerOwner, DataplanePlace, ServiceDataplane } from '#ports';
import type { Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { announce } from '../announce.js';
import { LoopbackAddresses } from '../loopback-addresses.js';
import { runProgram } from '../run-program.js';
import { Choice, type Origin } from './choice.js';
import { listeningPlace } from './listening-place.js';
import { tcpRelay } from './tcp-relay.js';
import { UdpRelay } from './udp-relay.js';

interface Relay {
  readonly choice: Choice;
  readonly server: Server | UdpRelay;
}
const OWN_ADDRESSES_MS = 1000;

/**
 * Services by this process itself, for a node without nftables: their addresses are put on the node's loopback interface,
 * and each connection is joined to one of its own. Backends see the node as the client, a frontend that should drop refuses,
 * and nothing is reached while the process is away. Needs root and `ip`.
 */
export class UserspaceDataplane implements ServiceDataplane {
  readonly mode = 'userspace';
  private place: DataplanePlace | undefined;
  private readonly relays = new Map<string, Relay>();
  private readonly frontends = new Map<string, Frontend>();
  private readonly addresses = new LoopbackAddresses(runProgram, '');
  private own = { addresses: new Set<string>(), until: -Infinity };

  constructor(private readonly options: { readonly log?: (line: string) => void } = {}) {}

  async open(place: DataplanePlace): Promise<void> {
    this.place = place;
    await this.addresses.open(place);
  }
  async replace(frontends: readonly Frontend[]): Promise<void> {
    const wanted = new Set(frontends.map(({ key }) => key));
    await this.change({ changed: frontends, gone: [...this.frontends.keys()].filter((key) => !wanted.has(key)) });
  }
  async apply(changes: FrontendChanges): Promise<void> {
    if (changes.changed.length > 0 || changes.gone.length > 0) await this.change(changes);
  }
  private async change({ changed, gone }: FrontendChanges): Promise<void> {
    for (const key of gone) this.frontends.delete(key);
    for (const frontend of changed) this.frontends.set(frontend.key, frontend);
    await this.placeAddresses();
    for (const key of gone) this.close(key);
    await Promise.all(changed.map((frontend) => this.lead(frontend)));
  }
  async check(): Promise<boolean> {
    return this.place !== undefined && (await this.addresses.check());
  }
  async remove(owner: ContainerOwner): Promise<void> {
    for (const key of [...this.relays.keys()]) this.close(key);
    this.frontends.clear();
    await this.addresses.remove(owner);
    this.place = undefined;
  }

  private async lead(frontend: Frontend): Promise<void> {
    const { key, protocol, service } = frontend;
    const known = this.relays.get(key);
    if (known) known.choice.frontend = frontend;
    if (known?.server instanceof UdpRelay) known.server.changed();
    // An address without anybody who listens there is refused by the kernel.
    const leadsNowhere = frontend.backends.length === 0 && !frontend.inside?.length;
    if (leadsNowhere || !this.isServed(frontend)) return this.close(key);
    if (known || protocol === 'SCTP') return;
    const choice = new Choice(frontend);
    const originOf = (client: string): Origin | undefined => this.originOf(choice.frontend, client);
    try {
      const server = await (protocol === 'TCP' ? tcpRelay(choice, originOf) : UdpRelay.open(choice, originOf));
      this.relays.set(key, { choice, server });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.options.log?.(`service ${service} is not reachable at ${key} on this node: ${why}`);
    }
  }
  private close(key: string): void {
    // Connections that are under way are left to end.
    this.relays.get(key)?.server.close();
    this.relays.delete(key);
  }

  /** Undefined: it may not call. A cluster IP is for this node and its pods; source ranges hold for all. */
  private originOf({ isExternal, sourceRanges, inside }: Frontend, client: string): Origin | undefined {
    const address = parseIp(client);
    const within = (ranges: readonly string[]): boolean =>
      address !== undefined &&
      ranges.flatMap((range) => parseCidr(range) ?? []).some((range) => cidrContains(range, address));
    if (sourceRanges && !within(sourceRanges)) return undefined;
    // All the same where it is of no matter, which costs nothing.
    if (isExternal && !inside) return 'outside';
    const { pods } = this.place ?? {};
    if (!pods || within([pods.cidr, ...(pods.cidrIpv6 ? [pods.cidrIpv6] : [])]) || this.isOwn(client)) return 'inside';
    return isExternal || sourceRanges ? 'outside' : undefined;
  }
  private isOwn(address: string): boolean {
    const now = performance.now();
    if (now > this.own.until || !this.own.addresses.has(address)) {
      const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
      this.own = { addresses: new Set(all.map((one) => one.address)), until: now + OWN_ADDRESSES_MS };
    }
    return this.own.addresses.has(address);
  }

  private async placeAddresses(): Promise<void> {
    if (!this.place) throw new Error('the data plane is not open');
    const placed = [...this.frontends.values()].filter((one) => this.isServed(one) && one.answeredBy !== 'other node');
    const fresh = await this.addresses.place(new Set(placed.flatMap(({ address }) => address ?? [])));
    const answered = new Set(placed.flatMap((one) => (one.answeredBy === 'this node' ? (one.address ?? []) : [])));
    void announce(
      runProgram,
      fresh.filter((address) => answered.has(address)),
    );
  }
  /** Those of IPv6 where pods of this node have such addresses too. */
  private isServed(frontend: Frontend): boolean {
    return !listeningPlace(frontend).isIpv6 || this.place?.pods?.cidrIpv6 !== undefined;
  }
}
