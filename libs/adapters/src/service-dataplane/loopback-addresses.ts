import { createHash } from 'node:crypto';
import type { ContainerOwner } from '#ports';
import { hash128 } from '#std';
import type { ProgramEnd } from './run-program.js';

type Run = (words: readonly string[], input?: string) => Promise<ProgramEnd>;

/**
 * Addresses on the loopback interface of a node: its kernel takes packets for them, and answers for them by ARP on the networks
 * that the node is in. They are marked, so that another life of the agent, and `npm run down`, find them: those of IPv4 by a label,
 * those of IPv6, for which the kernel has none, by the metric of their route. The node never speaks from one of IPv6 by itself.
 */
export class LoopbackAddresses {
  private label = '';
  private metric = 0;
  private placed = new Set<string>();

  /** `use` keeps those apart that different parts of an agent put there. */
  constructor(
    private readonly run: Run,
    private readonly use: string,
  ) {}

  async open(owner: ContainerOwner): Promise<void> {
    this.mark(owner);
    this.placed = new Set((await this.present()).ours);
  }
  /** These, in their canonical text, and no others, but for those that the node has anyway. Resolves to those that are new. */
  async place(wanted: ReadonlySet<string>): Promise<readonly string[]> {
    const left = [...this.placed].filter((address) => !wanted.has(address));
    const missing = [...wanted].filter((address) => !this.placed.has(address));
    if (left.length === 0 && missing.length === 0) return [];
    const { others } = missing.length > 0 ? await this.present() : { others: new Set<string>() };
    const fresh = missing.filter((address) => !others.has(address));
    await this.batch([...fresh.map((address) => this.addition(address)), ...left.map(deletion)]);
    for (const address of fresh) this.placed.add(address);
    for (const address of left) this.placed.delete(address);
    return fresh;
  }
  /** Whether all that were put there are still there. */
  async check(): Promise<boolean> {
    if (this.placed.size === 0) return true;
    const { ours } = await this.present();
    return [...this.placed].every((address) => ours.has(address));
  }
  async remove(owner: ContainerOwner): Promise<void> {
    this.mark(owner);
    const { ours } = await this.present();
    await this.batch([...ours].map(deletion));
    this.placed.clear();
  }

  private async batch(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { code, errors } = await this.run(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
    if (code === undefined) throw new Error('ip is not installed (Debian: apt-get install iproute2)');
    if (code !== 0)
      throw new Error(`addresses of services cannot be put on this node: ${errors.trim().split('\n')[0]}`);
  }
  private addition(address: string): string {
    // With no time of preference left the kernel takes it for packets of its own only where nothing else is there.
    if (isIpv6(address)) return `addr add ${address}/128 dev lo metric ${this.metric} preferred_lft 0 nodad`;
    return `addr add ${address}/32 dev lo label ${this.label}`;
  }
  /** Those with the mark, which this process or an earlier one put there, and all others of the node. */
  private async present(): Promise<{ readonly ours: ReadonlySet<string>; readonly others: ReadonlySet<string> }> {
    const { code, output } = await this.run(['ip', '-j', 'addr', 'show']);
    if (code === undefined) throw new Error('ip is not installed (Debian: apt-get install iproute2)');
    const links = JSON.parse(output || '[]') as readonly { readonly addr_info?: readonly ShownAddress[] }[];
    const [ours, others] = [new Set<string>(), new Set<string>()];
    for (const { addr_info: found = [] } of links)
      for (const { local, label, metric } of found) {
        if (local === undefined) continue;
        const isOurs = isIpv6(local) ? metric === this.metric : label === this.label;
        (isOurs ? ours : others).add(local);
      }
    return { ours, others };
  }
  /** Of the addresses of one node of one cluster. `npm run down` finds both by what is the cluster's of them. */
  private mark({ cluster, node }: ContainerOwner): void {
    const mark = cluster.slice(0, 8).replace(/[^A-Za-z0-9]/g, '_');
    const own = hash128(`${this.use}${node}`);
    // At most 15 characters.
    this.label = `lo:${mark}${own.slice(0, 4)}`;
    this.metric = (0x4000 + (numberOf(createHash('sha256').update(mark).digest('hex')) >> 2)) * 0x10000 + numberOf(own);
  }
}

interface ShownAddress {
  readonly local?: string;
  readonly label?: string;
  readonly metric?: number;
}
function isIpv6(address: string): boolean {
  return address.includes(':');
}
function deletion(address: string): string {
  return `addr del ${address}/${isIpv6(address) ? 128 : 32} dev lo`;
}
/** Of the first four digits. */
function numberOf(hash: string): number {
  return parseInt(hash.slice(0, 4), 16);
}
