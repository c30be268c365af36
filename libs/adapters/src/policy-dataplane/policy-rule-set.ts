import { createHash } from 'node:crypto';
import type { AllowRule, PodRules, PolicyChanges } from '#model';
import { IPV4, type NftFamily } from '../service-dataplane/nftables/base-rules.js';
import { linesOf, memberText, setName, textOf, type Direction } from './rule-lines.js';

/** By direction: the chain of a pod, undefined where nothing isolates it. */
export type Chains = Readonly<Record<Direction, string | undefined>>;
export const DIRECTIONS = ['ingress', 'egress'] as const;

export interface PolicyDelta {
  readonly script: string;
  /** To be called when the script was carried out. */
  commit(): void;
}

/**
 * What is in the table of a node, and the scripts that change it. Pods with equal rules share a chain, which is named for what it says and
 * never changes; a pod that gets other rules is led to another one. Sets are those of the groups that chains name.
 */
export class PolicyRuleSet {
  private readonly pods = new Map<string, Chains>();
  private readonly chains = new Map<string, number>();
  /** By their names in the table. */
  private readonly sets: Set<string>;

  /** Of a table that is there: its sets, and chains by addresses of pods. */
  constructor(
    private readonly name: string,
    private readonly family: NftFamily = IPV4,
    found: { readonly pods: ReadonlyMap<string, Chains>; readonly sets: readonly string[] } = {
      pods: new Map(),
      sets: [],
    },
  ) {
    this.sets = new Set(found.sets);
    for (const [address, chains] of found.pods) {
      this.pods.set(address, chains);
      for (const direction of DIRECTIONS) {
        const name = chains[direction];
        if (name !== undefined) this.chains.set(name, (this.chains.get(name) ?? 0) + 1);
      }
    }
  }
  hasPod(address: string): boolean {
    return this.pods.has(textOf(address, this.family) ?? '');
  }
  hasGroup(id: string): boolean {
    return this.sets.has(setName(id));
  }

  /** In the order that the packet filter asks for: sets, chains, ways into chains, and the other way round for what goes. */
  delta({ pods, gonePods, groups, goneGroups }: Omit<PolicyChanges, 'fresh'>): PolicyDelta {
    const { family } = this;
    const table = `${family.name} ${this.name}`;
    const lines: string[] = [];
    const chains = new Map<string, readonly string[]>();
    const counts = new Map<string, number>();
    const count = (name: string, by: number): void => void counts.set(name, (counts.get(name) ?? 0) + by);
    const next = new Map<string, Chains | undefined>(
      gonePods.map((address) => [textOf(address, family) ?? '', undefined]),
    );
    for (const rules of pods) {
      const address = textOf(rules.address, family);
      if (address !== undefined) next.set(address, this.chainsOf(rules, chains));
    }
    next.delete('');
    const freshSets = groups.filter(({ id }) => !this.hasGroup(id));
    for (const { id, hasPorts } of freshSets)
      lines.push(`add set ${table} ${setName(id)} { type ${family.type}${hasPorts ? ' . inet_service' : ''}; }`);
    for (const { id, hasPorts, added, removed } of groups) {
      const texts = (all: readonly string[]): string =>
        all.flatMap((one) => memberText(one, hasPorts, family) ?? []).join(', ');
      const [out, into] = [texts(removed), texts(added)];
      if (out !== '') lines.push(`delete element ${table} ${setName(id)} { ${out} }`);
      if (into !== '') lines.push(`add element ${table} ${setName(id)} { ${into} }`);
    }
    const ways: string[] = [];
    for (const [address, after] of next) {
      const [had, has] = [this.pods.has(address), after !== undefined];
      if (had !== has) ways.push(`${has ? 'add' : 'delete'} element ${table} selves { ${address} . ${address} }`);
      for (const direction of DIRECTIONS) {
        const [was, is] = [this.pods.get(address)?.[direction], after?.[direction]];
        if (was === is) continue;
        if (was !== undefined) ways.push(`delete element ${table} ${direction} { ${address} }`);
        if (is !== undefined) ways.push(`add element ${table} ${direction} { ${address} : jump ${is} }`);
        if (was !== undefined) count(was, -1);
        if (is !== undefined) count(is, 1);
      }
    }
    const totals = [...counts].map(([name, by]) => ({
      name,
      was: this.chains.get(name) ?? 0,
      is: (this.chains.get(name) ?? 0) + by,
    }));
    for (const { name } of totals.filter(({ was, is }) => was === 0 && is > 0))
      lines.push(`add chain ${table} ${name} { ${(chains.get(name) ?? ['drop']).join('; ')}; }`);
    lines.push(...ways);
    for (const { name } of totals.filter(({ was, is }) => was > 0 && is === 0))
      lines.push(`delete chain ${table} ${name}`);
    const goneSets = goneGroups.filter((id) => this.hasGroup(id));
    for (const id of goneSets) lines.push(`delete set ${table} ${setName(id)}`);
    const commit = (): void => {
      for (const { id } of freshSets) this.sets.add(setName(id));
      for (const id of goneSets) this.sets.delete(setName(id));
      for (const [address, after] of next) {
        if (after) this.pods.set(address, after);
        else this.pods.delete(address);
      }
      for (const { name, is } of totals) {
        if (is > 0) this.chains.set(name, is);
        else this.chains.delete(name);
      }
    };
    return { script: lines.map((line) => `${line}\n`).join(''), commit };
  }

  private chainsOf(rules: PodRules, chains: Map<string, readonly string[]>): Chains {
    const chain = (direction: Direction, allowed: readonly AllowRule[] | undefined): string | undefined => {
      if (!allowed) return undefined;
      const lines = linesOf(allowed, direction, this.family);
      // Somebody who writes policies should not find two texts of one name.
      const mark = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
      const name = `${direction}_${mark}`;
      chains.set(name, lines);
      return name;
    };
    return { ingress: chain('ingress', rules.ingress), egress: chain('egress', rules.egress) };
  }
}
