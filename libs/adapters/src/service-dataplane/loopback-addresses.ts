import type { ContainerOwner } from '#ports';
import { hash128 } from '#std';
import type { ProgramEnd } from './run-program.js';

type Run = (words: readonly string[], input?: string) => Promise<ProgramEnd>;

/**
 * Addresses on the loopback interface of a node: its kernel takes packets for them, and answers for them by ARP on the networks
 * that the node is in. They are labelled, so that another life of the agent, and `npm run down`, find them.
 */
export class LoopbackAddresses {
  private label = '';
  private placed = new Set<string>();

  /** `use` keeps those apart that different parts of an agent put there. */
  constructor(
    private readonly run: Run,
    private readonly use: string,
  ) {}

  async open(owner: ContainerOwner): Promise<void> {
    this.label = this.labelOf(owner);
    this.placed = new Set((await this.present()).ours);
  }
  /** These and no others, but for those that the node has anyway. Resolves to those that are new. */
  async place(wanted: ReadonlySet<string>): Promise<readonly string[]> {
    const left = [...this.placed].filter((address) => !wanted.has(address));
    const missing = [...wanted].filter((address) => !this.placed.has(address));
    if (left.length === 0 && missing.length === 0) return [];
    const { others } = missing.length > 0 ? await this.present() : { others: new Set<string>() };
    const fresh = missing.filter((address) => !others.has(address));
    await this.batch([
      ...fresh.map((address) => `addr add ${address}/32 dev lo label ${this.label}`),
      ...left.map((address) => `addr del ${address}/32 dev lo`),
    ]);
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
    this.label = this.labelOf(owner);
    const { ours } = await this.present();
    await this.batch([...ours].map((address) => `addr del ${address}/32 dev lo`));
    this.placed.clear();
  }

  private async batch(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { code, errors } = await this.run(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
    if (code === undefined) throw new Error('ip is not installed (Debian: apt-get install iproute2)');
    if (code !== 0)
      throw new Error(`addresses of services cannot be put on this node: ${errors.trim().split('\n')[0]}`);
  }
  /** Those with the label, which this process or an earlier one put there, and all others of the node. */
  private async present(): Promise<{ readonly ours: ReadonlySet<string>; readonly others: ReadonlySet<string> }> {
    const { code, output } = await this.run(['ip', '-j', '-4', 'addr', 'show']);
    if (code === undefined) throw new Error('ip is not installed (Debian: apt-get install iproute2)');
    const links = JSON.parse(output || '[]') as readonly {
      readonly addr_info?: readonly { readonly local?: string; readonly label?: string }[];
    }[];
    const [ours, others] = [new Set<string>(), new Set<string>()];
    for (const { addr_info: found = [] } of links)
      for (const { local, label } of found) if (local !== undefined) (label === this.label ? ours : others).add(local);
    return { ours, others };
  }
  /** Of the addresses of one node of one cluster: at most 15 characters. `npm run down` finds it by its beginning. */
  private labelOf({ cluster, node }: ContainerOwner): string {
    return `lo:${cluster.slice(0, 8).replace(/[^A-Za-z0-9]/g, '_')}${hash128(`${this.use}${node}`).slice(0, 4)}`;
  }
}
