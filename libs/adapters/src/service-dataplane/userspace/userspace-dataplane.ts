import { cidrContains, parseCidr, parseIp } from '#meta';
import type { Frontend, FrontendChanges } from '#model';
import type { ContainerOwner, DataplanePlace, ServiceDataplane } from '#ports';
import { hash128 } from '#std';
import type { Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { runProgram } from '../run-program.js';
import { Choice } from './choice.js';
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
  private addresses = new Set<string>();
  private own = { addresses: new Set<string>(), until: -Infinity };

  constructor(private readonly options: { readonly log?: (line: string) => void } = {}) {}

  async open(place: DataplanePlace): Promise<void> {
    this.place = place;
    this.addresses = new Set(await this.addressesOf(place));
  }
  async replace(frontends: readonly Frontend[]): Promise<void> {
    const wanted = new Set(frontends.map(({ key }) => key));
    await this.apply({ changed: frontends, gone: [...this.frontends.keys()].filter((key) => !wanted.has(key)) });
  }
  async apply({ changed, gone }: FrontendChanges): Promise<void> {
    for (const key of gone) this.frontends.delete(key);
    for (const frontend of changed) this.frontends.set(frontend.key, frontend);
    await this.placeAddresses();
    for (const key of gone) this.close(key);
    await Promise.all(changed.map((frontend) => this.lead(frontend)));
  }
  async check(): Promise<boolean> {
    if (!this.place) return false;
    const there = new Set(await this.addressesOf(this.place));
    return [...this.addresses].every((address) => there.has(address));
  }
  async remove(owner: ContainerOwner): Promise<void> {
    for (const key of [...this.relays.keys()]) this.close(key);
    this.frontends.clear();
    const left = await this.addressesOf(owner);
    await this.batch(left.map((address) => `addr del ${address}/32 dev lo`));
    this.addresses.clear();
    this.place = undefined;
  }

  private async lead(frontend: Frontend): Promise<void> {
    const { key, protocol, service } = frontend;
    const known = this.relays.get(key);
    if (known) known.choice.frontend = frontend;
    if (known?.server instanceof UdpRelay) known.server.changed();
    // An address without anybody who listens there is refused by the kernel.
    if (frontend.backends.length === 0) return this.close(key);
    if (known || protocol === 'SCTP' || !isIpv4(frontend)) return;
    const choice = new Choice(frontend);
    const mayCall = (client: string): boolean => this.mayCall(choice.frontend, client);
    try {
      const server = await (protocol === 'TCP' ? tcpRelay(choice, mayCall) : UdpRelay.open(choice, mayCall));
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

  /** A cluster IP is for this node and its pods; source ranges hold for all. */
  private mayCall({ isExternal, sourceRanges }: Frontend, client: string): boolean {
    const address = parseIp(client);
    const within = (ranges: readonly string[]): boolean =>
      address !== undefined &&
      ranges.flatMap((range) => parseCidr(range) ?? []).some((range) => cidrContains(range, address));
    if (sourceRanges) return within(sourceRanges);
    const { pods } = this.place ?? {};
    return isExternal || !pods || within([pods.cidr]) || this.isOwn(client);
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
    const label = labelOf(this.place);
    const wanted = new Set([...this.frontends.values()].filter(isIpv4).flatMap(({ address }) => address ?? []));
    // Those of the node itself stay where they are.
    const fresh = [...wanted].filter((address) => !this.addresses.has(address) && !this.isOwn(address));
    const left = [...this.addresses].filter((address) => !wanted.has(address));
    await this.batch([
      ...fresh.map((address) => `addr add ${address}/32 dev lo label ${label}`),
      ...left.map((address) => `addr del ${address}/32 dev lo`),
    ]);
    for (const address of fresh) this.addresses.add(address);
    for (const address of left) this.addresses.delete(address);
  }
  private async batch(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { code, errors } = await runProgram(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
    if (code === undefined) throw new Error('ip is not installed (Debian: apt-get install iproute2)');
    if (code !== 0)
      throw new Error(`addresses of services cannot be put on this node: ${errors.trim().split('\n')[0]}`);
  }
  /** Those that this process or an earlier one put there. */
  private async addressesOf(owner: ContainerOwner): Promise<readonly string[]> {
    const { code, output } = await runProgram(['ip', '-j', 'addr', 'show', 'dev', 'lo', 'label', labelOf(owner)]);
    if (code === undefined) throw new Error('ip is not installed (Debian: apt-get install iproute2)');
    const links = JSON.parse(output || '[]') as readonly {
      readonly addr_info?: readonly { readonly local?: string; readonly label?: string }[];
    }[];
    const found = links.flatMap(({ addr_info = [] }) => addr_info);
    return found.flatMap(({ local, label }) => (local !== undefined && label === labelOf(owner) ? [local] : []));
  }
}

/** Of the addresses of one node of one cluster: at most 15 characters. `npm run down` finds it by its beginning. */
function labelOf({ cluster, node }: ContainerOwner): string {
  return `lo:${cluster.slice(0, 8).replace(/[^A-Za-z0-9]/g, '_')}${hash128(node).slice(0, 4)}`;
}
function isIpv4({ address }: Frontend): boolean {
  return address === undefined || parseIp(address)?.family === 'IPv4';
}
