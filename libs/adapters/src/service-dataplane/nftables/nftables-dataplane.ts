import type { Frontend, FrontendChanges } from '#model';
import type { ContainerOwner, DataplanePlace, PodNetwork, ServiceDataplane } from '#ports';
import { FollowUp } from './follow-up.js';
import { baseRules, IPV4, IPV6, tableName, type NftFamily } from './base-rules.js';
import { RuleSet, type Delta } from './rule-set.js';
import { announce } from '../announce.js';
import { LoopbackAddresses } from '../loopback-addresses.js';
import { runProgram, type ProgramEnd } from '../run-program.js';

export interface NftablesOptions {
  /** Words before each program, for a network namespace that is not this process's: `['nsenter', '--net=/run/netns/a']`. */
  readonly within?: readonly string[];
  readonly log?: (line: string) => void;
}

/**
 * Services by the kernel's packet filter: one table, in which each frontend is an element of a map that leads to a chain for
 * its number of backends, and each backend an element of another. Needs root, `nft` and, for UDP, `conntrack`.
 */
export class NftablesDataplane implements ServiceDataplane {
  readonly mode = 'nftables';
  private place: DataplanePlace | undefined;
  /** One for each family: that of IPv6 where pods have such addresses. */
  private tables: readonly Table[] = [];
  /** The table of IPv6 of an earlier life is to go. */
  private isIpv6Left = false;
  /** Addresses by the key of their frontend: of those that this node answers for. */
  private readonly answered = new Map<string, string>();
  private readonly addresses: LoopbackAddresses;
  private readonly followUp: FollowUp;

  constructor(private readonly options: NftablesOptions = {}) {
    this.addresses = new LoopbackAddresses((words, input) => this.run(words, input), 'balancers of ');
    this.followUp = new FollowUp({
      run: (words, onLine) => this.run(words, '', onLine),
      pods: () => this.place?.pods,
      tables: () => this.tables,
      log: (line) => options.log?.(line),
    });
  }

  async open(place: DataplanePlace): Promise<void> {
    const { code, errors, output } = await this.run(['nft', 'list', 'tables']);
    if (code === undefined) throw new Error('nft is not installed (Debian: apt-get install nftables)');
    if (code !== 0) throw new Error(`nft may not be used here: ${firstLine(errors)}`);
    const { pods } = place;
    if (pods && !(await this.has(`/proc/sys/net/ipv4/conf/${pods.bridge}`)))
      throw new Error(`the pods' bridge ${pods.bridge} is not in this process's network namespace`);
    this.place = place;
    this.tables = [await this.tableOf(IPV4, place)];
    if (pods?.cidrIpv6 !== undefined) this.tables = [...this.tables, await this.tableOf(IPV6, place)];
    this.isIpv6Left = this.tables.length === 1 && output.split('\n').includes(`table ip6 ${tableName(place)}`);
    if (pods) await this.prepareBridge(pods);
    await this.addresses.open(place);
  }

  async replace(frontends: readonly Frontend[]): Promise<void> {
    const { table } = this;
    const tables = this.tables.map((one) => ({ ...one, rules: new RuleSet(table, one.family) }));
    const delta = deltaOf(tables, { changed: frontends, gone: [] });
    // Not every nft takes the deletion of a table that is not there.
    const bases = tables.map(
      ({ family: { name }, base }) => `table ${name} ${table} {}\ndelete table ${name} ${table}\n${base}`,
    );
    const left = this.isIpv6Left ? `delete table ip6 ${table}\n` : '';
    await this.carryOut(`${left}${bases.join('')}${delta.script}`);
    this.isIpv6Left = false;
    delta.commit();
    this.tables = tables;
    this.answered.clear();
    await this.answer({ changed: frontends, gone: [] });
    this.followUp.add({ hasNewLocal: delta.hasNewLocal, lost: undefined });
  }

  async apply(changes: FrontendChanges): Promise<void> {
    const delta = deltaOf(this.tables, changes);
    if (delta.script.trim() !== '') await this.carryOut(delta.script);
    delta.commit();
    this.followUp.add(delta);
    await this.answer(changes);
  }

  async check(): Promise<boolean> {
    const { place } = this;
    if (!place) return false;
    this.followUp.look();
    if (place.pods && !(await this.has(`/proc/sys/net/ipv4/conf/${place.pods.bridge}`))) return false;
    for (const { family } of this.tables) {
      const { code } = await this.run(['nft', 'list', 'chain', family.name, tableName(place), 'prerouting']);
      if (code !== 0) return false;
    }
    return this.addresses.check();
  }

  async remove(owner: ContainerOwner): Promise<void> {
    const table = tableName(owner);
    for (const { name } of [IPV4, IPV6]) {
      const { code } = await this.run(['nft', 'list', 'table', name, table]);
      if (code === 0) await this.carryOut(`delete table ${name} ${table}\n`);
    }
    this.answered.clear();
    this.followUp.clear();
    await this.addresses.remove(owner);
  }

  private async tableOf(family: NftFamily, place: DataplanePlace): Promise<Table> {
    const filtered = await this.run(['cat', `/proc/sys/net/bridge/bridge-nf-call-${family.name}tables`]);
    const base = baseRules({ ...place, isBridgeFiltered: filtered.output.trim() === '1' }, family);
    return { family, base, rules: new RuleSet(tableName(place), family) };
  }
  private get table(): string {
    if (!this.place) throw new Error('the data plane is not open');
    return tableName(this.place);
  }

  private async carryOut(script: string): Promise<void> {
    const { code, errors } = await this.run(['nft', '-f', '-'], script);
    if (code === undefined) throw new Error('nft is not installed');
    if (code !== 0) throw new Error(`nft refused the rules of services: ${firstLine(errors)}`);
  }

  /** The rules lead whatever comes; this lets it come to this node. */
  private async answer({ changed, gone }: FrontendChanges): Promise<void> {
    for (const key of gone) this.answered.delete(key);
    for (const { key, address, answeredBy } of changed)
      if (address !== undefined && answeredBy === 'this node' && !address.includes(':'))
        this.answered.set(key, address);
      else this.answered.delete(key);
    const fresh = await this.addresses.place(new Set(this.answered.values()));
    void announce((words, input) => this.run(words, input), fresh);
  }

  /** Pods may be led to a server on the node's loopback, and to nothing else there: see `guard` in the rules. */
  private async prepareBridge(pods: PodNetwork): Promise<void> {
    await this.run(['sh', '-c', `echo 1 > /proc/sys/net/ipv4/conf/${pods.bridge}/route_localnet`]);
    // Docker drops what comes from outside for pods, unless its own chain for others' rules takes it.
    for (const { family } of this.tables) {
      const program = `${family.name}tables`;
      if ((await this.run([program, '-w', '-n', '-L', 'DOCKER-USER'])).code !== 0) continue;
      const rule = [
        '-o',
        pods.bridge,
        '-m',
        'conntrack',
        '--ctstate',
        'DNAT',
        '-m',
        'comment',
        '--comment',
        this.table,
      ];
      const words = ['DOCKER-USER', ...rule, '-j', 'ACCEPT'];
      if ((await this.run([program, '-w', '-C', ...words])).code !== 0) await this.run([program, '-w', '-I', ...words]);
    }
  }

  private async has(path: string): Promise<boolean> {
    return (await this.run(['test', '-e', path])).code === 0;
  }
  private run(words: readonly string[], input?: string, onLine?: (line: string) => void): Promise<ProgramEnd> {
    return runProgram([...(this.options.within ?? []), ...words], input, { onLine });
  }
}

interface Table {
  readonly family: NftFamily;
  /** The table without any service. */
  readonly base: string;
  readonly rules: RuleSet;
}

/** The changes of all tables, in one script. */
function deltaOf(tables: readonly Table[], changes: FrontendChanges): Delta {
  const deltas = tables.map(({ rules }) => rules.delta(changes));
  return {
    script: deltas.map(({ script }) => script).join(''),
    lost: deltas.flatMap(({ lost }) => lost),
    hasNewLocal: deltas.some(({ hasNewLocal }) => hasNewLocal),
    commit: () => deltas.forEach((delta) => delta.commit()),
  };
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
