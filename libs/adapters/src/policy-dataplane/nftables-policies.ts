import type { PolicyChanges } from '#model';
import type { ContainerOwner, PodNetwork, PolicyDataplane, PolicyPlace } from '#ports';
import { forgetDatagrams } from '../service-dataplane/forget-datagrams.js';
import { runProgram, type ProgramEnd } from '../service-dataplane/run-program.js';
import { IPV4, IPV6, tableName, type NftFamily } from '../service-dataplane/nftables/base-rules.js';
import { DIRECTIONS, PolicyRuleSet, type Chains, type PolicyDelta } from './policy-rule-set.js';
import { textOf } from './rule-lines.js';

export interface NftablesPoliciesOptions {
  /** Words before each program, for a network namespace that is not this process's: `['nsenter', '--net=/run/netns/a']`. */
  readonly within?: readonly string[];
}

/**
 * NetworkPolicies by the kernel's packet filter: a table of its own, in which each isolated pod is an element of a map that leads to a
 * chain of what it may have. Packets between pods of one bridge pass it because the bridge is told to show them (`nf_call_iptables`).
 * Needs root and `nft`.
 */
export class NftablesPolicies implements PolicyDataplane {
  private place: PolicyPlace | undefined;
  /** One for each family in which pods have addresses. */
  private rules: readonly PolicyRuleSet[] = [];

  constructor(private readonly options: NftablesPoliciesOptions = {}) {}

  async open(place: PolicyPlace): Promise<string | undefined> {
    const { code, errors } = await this.run(['nft', 'list', 'tables']);
    if (code === undefined) throw new Error('nft is not installed (Debian: apt-get install nftables)');
    if (code !== 0) throw new Error(`nft may not be used here: ${firstLine(errors)}`);
    const { bridge } = place.pods;
    if ((await this.run(['test', '-e', `/proc/sys/net/ipv4/conf/${bridge}`])).code !== 0)
      throw new Error(`the pods' bridge ${bridge} is not in this process's network namespace`);
    this.place = place;
    if (await this.showBridge(place.pods)) return undefined;
    return `packets between pods of this node are not seen, because bridge ${bridge} does not show them (modprobe br_netfilter)`;
  }

  async replace(all: PolicyChanges): Promise<void> {
    const table = this.table();
    const rules = this.families.map((family) => new PolicyRuleSet(table, family));
    const delta = deltaOf(rules, all);
    const fresh = this.families.map(
      (family) => `table ${family.name} ${table} {}\ndelete table ${family.name} ${table}\n${this.base(family)}`,
    );
    // Of an earlier life, in which pods had addresses of IPv6.
    const isLeft = rules.length === 1 && (await this.hasTable(IPV6, table));
    await this.carryOut(`${isLeft ? `delete table ip6 ${table}\n` : ''}${fresh.join('')}${delta.script}`);
    delta.commit();
    this.rules = rules;
    await this.judgeAnew(all);
  }
  async apply(changes: PolicyChanges): Promise<void> {
    const delta = deltaOf(this.rules, changes);
    if (delta.script !== '') await this.carryOut(delta.script);
    delta.commit();
    await this.judgeAnew(changes);
  }
  async add(all: PolicyChanges, changed: ReadonlySet<string>): Promise<void> {
    const found = await this.found();
    if (!found) return this.replace(all);
    const scripts = found.map((one) => {
      const pods = all.pods.filter(({ address }) => !one.hasPod(address) || changed.has(address));
      const groups = all.groups.filter(({ id }) => !one.hasGroup(id));
      return one.delta({ pods, gonePods: [], groups, goneGroups: [] }).script;
    });
    if (scripts.join('') !== '') await this.carryOut(scripts.join(''));
  }
  async check(): Promise<boolean> {
    const { place } = this;
    if (!place) return false;
    for (const { name } of this.families)
      if ((await this.run(['nft', 'list', 'chain', name, this.table(), 'forwarded'])).code !== 0) return false;
    return this.isShown(place.pods.bridge);
  }
  async remove(owner: ContainerOwner): Promise<void> {
    const table = policyTable(owner);
    this.place = undefined;
    for (const family of [IPV4, IPV6])
      if (await this.hasTable(family, table)) await this.carryOut(`delete table ${family.name} ${table}\n`);
  }
  private async hasTable({ name }: NftFamily, table: string): Promise<boolean> {
    return (await this.run(['nft', 'list', 'table', name, table])).code === 0;
  }
  private get families(): readonly NftFamily[] {
    return this.place?.pods.cidrIpv6 === undefined ? [IPV4] : [IPV4, IPV6];
  }

  /** A flow of datagrams has no end of its own: what one was let through for may be over. */
  private async judgeAnew({ fresh }: PolicyChanges): Promise<void> {
    for (const address of fresh.flatMap((one) => this.families.flatMap((family) => textOf(one, family) ?? [])))
      for (const end of ['--orig-src', '--reply-src'])
        await forgetDatagrams((words) => this.run(words), [end, address]);
  }
  /** What is in the table; undefined: there is none. */
  private async found(): Promise<readonly PolicyRuleSet[] | undefined> {
    const found = await Promise.all(this.families.map((family) => this.foundOf(family)));
    const known = found.flatMap((one) => one ?? []);
    return known.length === found.length ? known : undefined;
  }
  private async foundOf(family: NftFamily): Promise<PolicyRuleSet | undefined> {
    const table = this.table();
    const pods = new Map<string, Chains>();
    for (const direction of DIRECTIONS) {
      const [{ map } = {}] = await this.listed('map', 'list', 'map', family.name, table, direction);
      if (!map) return undefined;
      for (const [address, { jump }] of map.elem ?? [])
        pods.set(address, { ingress: undefined, egress: undefined, ...pods.get(address), [direction]: jump?.target });
    }
    const sets = await this.listed('set', '-t', 'list', 'table', family.name, table);
    return new PolicyRuleSet(table, family, { pods, sets: sets.flatMap(({ set }) => set?.name ?? []) });
  }
  private async listed(kind: 'map' | 'set', ...words: readonly string[]): Promise<readonly Listed[]> {
    const { code, output } = await this.run(['nft', '-j', ...words]);
    if (code !== 0) return [];
    const { nftables = [] } = JSON.parse(output) as { readonly nftables?: readonly Listed[] };
    return nftables.filter((one) => one[kind] !== undefined);
  }
  private table(): string {
    if (!this.place) throw new Error('the data plane of policies is not open');
    return policyTable(this.place);
  }
  /**
   * The table without any pod. What the node itself sends and receives does not come by. Services have led packets before (prerouting), and
   * hide clients after it (postrouting), so both ends are themselves here.
   */
  private base({ name: ip, type }: NftFamily): string {
    const bridge = this.place?.pods.bridge ?? '';
    // Pods of one bridge ask each other for their addresses by packets of IPv6 itself.
    const neighbours = ip === 'ip' ? '' : '    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n';
    return `table ${ip} ${this.table()} {
  map ingress { type ${type} : verdict; }
  map egress { type ${type} : verdict; }
  set selves { type ${type} . ${type}; }
  chain forwarded {
    type filter hook forward priority -5;
    ct state established,related accept
${neighbours}    ${ip} saddr . ${ip} daddr @selves accept
    iifname "${bridge}" ${ip} saddr vmap @egress
    oifname "${bridge}" ${ip} daddr vmap @ingress
  }
}
`;
  }
  /** Asks the bridge alone for it, not all bridges of the host. */
  private async showBridge({ bridge }: PodNetwork): Promise<boolean> {
    for (const family of this.families) {
      if (await this.isShownIn(family, bridge)) continue;
      await this.run(['ip', 'link', 'set', 'dev', bridge, 'type', 'bridge', `nf_call_${family.name}tables`, '1']);
    }
    return this.isShown(bridge);
  }
  private async isShown(bridge: string): Promise<boolean> {
    for (const family of this.families) if (!(await this.isShownIn(family, bridge))) return false;
    return true;
  }
  private async isShownIn({ name }: NftFamily, bridge: string): Promise<boolean> {
    const all = await this.run(['cat', `/proc/sys/net/bridge/bridge-nf-call-${name}tables`]);
    if (all.code !== 0) return false;
    if (all.output.trim() === '1') return true;
    const { code, output } = await this.run(['ip', '-j', '-d', 'link', 'show', 'dev', bridge]);
    if (code !== 0) return false;
    const [link] = JSON.parse(output || '[]') as readonly ShownBridge[];
    return link?.linkinfo?.info_data?.[`nf_call_${name}tables`] === 1;
  }
  private async carryOut(script: string): Promise<void> {
    const { code, errors } = await this.run(['nft', '-f', '-'], script);
    if (code === undefined) throw new Error('nft is not installed');
    if (code !== 0) throw new Error(`nft refused the rules of NetworkPolicies: ${firstLine(errors)}`);
  }
  private run(words: readonly string[], input?: string): Promise<ProgramEnd> {
    return runProgram([...(this.options.within ?? []), ...words], input);
  }
}

interface Listed {
  readonly map?: { readonly elem?: readonly (readonly [string, { readonly jump?: { readonly target: string } }])[] };
  readonly set?: { readonly name: string };
}
interface ShownBridge {
  readonly linkinfo?: { readonly info_data?: Readonly<Record<string, unknown>> };
}

/** The changes of all tables, in one script. */
function deltaOf(rules: readonly PolicyRuleSet[], changes: Omit<PolicyChanges, 'fresh'>): PolicyDelta {
  const deltas = rules.map((one) => one.delta(changes));
  return {
    script: deltas.map(({ script }) => script).join(''),
    commit: () => deltas.forEach((delta) => delta.commit()),
  };
}

/** Begins as all tables of the cluster do, by which `npm run down` finds them. */
function policyTable(owner: ContainerOwner): string {
  return tableName(owner).replace(/^shiplog_/, 'shiplogpol_');
}
function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
