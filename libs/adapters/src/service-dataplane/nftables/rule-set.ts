import { cidrContains, cidrText, ipText, networkOf, parseCidr, parseIp, type Cidr } from '#meta';
import type { Backend, Frontend, FrontendChanges } from '#model';
import { HIDDEN, PICKED, SLOTS_MAX } from './base-rules.js';
import { nameOf, plainSlots, stickySlots } from './slots.js';

const HAIRPIN = 'hairpin';

interface Installed {
  readonly frontend: Frontend;
  readonly slots: readonly Backend[];
  /** By set or map: what it has there, by key (` : data` of a map apart). */
  readonly elements: Elements;
}
type Elements = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface Delta {
  readonly script: string;
  /** UDP: where flows were led that are to be forgotten. */
  readonly forgotten: readonly { readonly frontend: Frontend; readonly backend: Backend }[];
  /** A pod of this node is a backend that was none before. */
  readonly hasNewLocal: boolean;
  /** To be called when the script was carried out. */
  commit(): void;
}

/** What is in the table of a node, and the scripts that change it: as many lines as there are differences. */
export class RuleSet {
  private installed = new Map<string, Installed>();
  private chains = new Set<string>();
  /** Elements that frontends share, as `set element`, with the number of frontends that need them. */
  private shared = new Map<string, number>();

  constructor(private readonly table: string) {}

  /** A table that has nothing yet. */
  clear(): void {
    this.installed = new Map();
    this.chains = new Set();
    this.shared = new Map();
  }

  delta({ changed, gone }: FrontendChanges): Delta {
    const added = new Lines();
    const deleted = new Lines();
    const next = new Map<string, Installed | undefined>(gone.map((key) => [key, undefined]));
    for (const frontend of changed) next.set(frontend.key, this.install(frontend));
    const chains = new Set<string>();
    const shared = new Map<string, number>();
    const forgotten: Delta['forgotten'][number][] = [];
    for (const [key, after] of next) {
      const before = this.installed.get(key);
      differences(before?.elements, after?.elements, added, deleted);
      for (const one of sharedOf(before)) shared.set(one, (shared.get(one) ?? 0) - 1);
      for (const one of sharedOf(after)) shared.set(one, (shared.get(one) ?? 0) + 1);
      if (after && after.slots.length > 0) chains.add(chainOf(after.frontend, after.slots.length).name);
      forgotten.push(...lostFlows(before, after));
    }
    let hasNewLocal = false;
    for (const [one, by] of shared) {
      const before = this.shared.get(one) ?? 0;
      const [set = '', element = ''] = one.split(/ (.*)/);
      if (before === 0 && by > 0) added.add(set, element);
      if (before > 0 && before + by === 0) deleted.add(set, element);
      hasNewLocal ||= set === HAIRPIN && before === 0 && by > 0;
    }
    const fresh = [...chains].filter((name) => !this.chains.has(name));
    const made = [...next.values()].flatMap((one) =>
      one && one.slots.length > 0 ? chainOf(one.frontend, one.slots.length) : [],
    );
    const rules = new Map(made.map(({ name, rules }) => [name, rules]));
    const script = [
      ...fresh.map((name) => `add chain ip ${this.table} ${name} { ${(rules.get(name) ?? []).join('; ')}; }`),
      ...deleted.commands('delete', this.table),
      ...added.commands('add', this.table),
      '',
    ].join('\n');
    const commit = (): void => {
      for (const name of fresh) this.chains.add(name);
      for (const [key, one] of next) {
        if (one) this.installed.set(key, one);
        else this.installed.delete(key);
      }
      for (const [one, by] of shared) {
        const count = (this.shared.get(one) ?? 0) + by;
        if (count > 0) this.shared.set(one, count);
        else this.shared.delete(one);
      }
    };
    return { script, forgotten, hasNewLocal, commit };
  }

  /** Frontends and backends that are not of IPv4 are left out. */
  private install(shown: Frontend): Installed | undefined {
    const address = shown.address === undefined ? undefined : ipv4Text(shown.address);
    if (shown.address !== undefined && address === undefined) return undefined;
    const backends = shown.backends.flatMap((backend) => {
      const known = ipv4Text(backend.address);
      return known === undefined ? [] : [{ ...backend, address: known }];
    });
    const frontend: Frontend = { ...shown, address, backends };
    const before = this.installed.get(shown.key)?.slots ?? [];
    const slotsOf = frontend.affinitySeconds === undefined ? plainSlots : stickySlots;
    const slots = slotsOf(before, backends.slice(0, SLOTS_MAX / 4));
    return { frontend, slots, elements: elementsOf(frontend, slots) };
  }
}

/** Elements by set, so that many of them are one command. */
class Lines {
  private readonly sets = new Map<string, string[]>();

  add(set: string, element: string): void {
    const known = this.sets.get(set);
    if (known) known.push(element);
    else this.sets.set(set, [element]);
  }
  commands(what: 'add' | 'delete', table: string): readonly string[] {
    return [...this.sets].map(([set, all]) => `${what} element ip ${table} ${set} { ${all.join(', ')} }`);
  }
}

function differences(before: Elements | undefined, after: Elements | undefined, added: Lines, deleted: Lines): void {
  for (const [set, elements] of before ?? [])
    for (const [key, data] of elements) if (after?.get(set)?.get(key) !== data) deleted.add(set, key);
  for (const [set, elements] of after ?? [])
    for (const [key, data] of elements)
      if (before?.get(set)?.get(key) !== data) added.add(set, data === '' ? key : `${key} : ${data}`);
}

function elementsOf(frontend: Frontend, slots: readonly Backend[]): Elements {
  const { address, protocol, port, whenEmpty } = frontend;
  const proto = protocol.toLowerCase();
  const key = address === undefined ? `${proto} . ${port}` : `${address} . ${proto} . ${port}`;
  const isPort = address === undefined;
  const found = new Map<string, Map<string, string>>();
  if (frontend.sourceRanges && address !== undefined) {
    found.set('ranged', new Map([[key, '']]));
    found.set('allowed', new Map(rangesOf(frontend.sourceRanges).map((range) => [`${key} . ${range}`, ''])));
  }
  if (slots.length === 0) {
    const verdict = whenEmpty === 'drop' ? 'goto discard' : 'goto refuse';
    return found.set(isPort ? 'emptyports' : 'empty', new Map([[key, verdict]]));
  }
  const entry = isPort ? 'ports' : frontend.isExternal ? 'external' : 'cluster';
  found.set(entry, new Map([[key, `goto ${chainOf(frontend, slots.length).name}`]]));
  const first = frontend.hidesClient ? HIDDEN : PICKED;
  const led = slots.map((backend, i) => [`${key} . ${first + i}`, nameOf(backend)] as const);
  return found.set(isPort ? 'portbackends' : 'backends', new Map(led));
}

/** Frontends that choose in the same way share a chain. */
function chainOf(frontend: Frontend, count: number): { readonly name: string; readonly rules: readonly string[] } {
  const { address, affinitySeconds, hidesClient } = frontend;
  const first = hidesClient ? HIDDEN : PICKED;
  const pick = count === 1 ? `meta mark set ${first}` : `meta mark set numgen random mod ${count} offset ${first}`;
  const lead = `goto ${address === undefined ? 'leadport' : 'lead'}`;
  const name = `${address === undefined ? 'port' : 'pick'}_${count}${hidesClient ? '_hidden' : ''}`;
  if (affinitySeconds === undefined) return { name, rules: [pick, lead] };
  const client = 'ip saddr . ip daddr . meta l4proto . th dport';
  return {
    name: `${name}_${affinitySeconds}s`,
    rules: [
      `meta mark set ${client} map @sticky`,
      `meta mark != ${count === 1 ? first : `${first}-${first + count - 1}`} ${pick}`,
      `update @sticky { ${client} timeout ${affinitySeconds}s : meta mark }`,
      lead,
    ],
  };
}

/**
 * Elements that a frontend needs and others may need too: its pods on this node, and its address where that is a service's alone, so
 * that nothing else of the node answers there.
 */
function sharedOf(one: Installed | undefined): ReadonlySet<string> {
  if (!one) return new Set();
  const { frontend, slots } = one;
  const locals = slots.filter(({ isLocal, address }) => isLocal && !address.startsWith('127.'));
  const isOwn = !frontend.isExternal || frontend.answeredBy === 'this node';
  const own = frontend.address !== undefined && isOwn ? [`clusterips ${frontend.address}`] : [];
  return new Set([...own, ...locals.map(({ address }) => `${HAIRPIN} ${address} . ${address}`)]);
}

function lostFlows(before: Installed | undefined, after: Installed | undefined): Delta['forgotten'] {
  if (before?.frontend.protocol !== 'UDP') return [];
  const kept = new Set((after?.slots ?? []).map(nameOf));
  const lost = new Map(before.slots.filter((one) => !kept.has(nameOf(one))).map((one) => [nameOf(one), one]));
  return [...lost.values()].map((backend) => ({ frontend: before.frontend, backend }));
}

/** Ranges as the packet filter takes them: none within another. */
function rangesOf(texts: readonly string[]): readonly string[] {
  const ranges = texts
    .flatMap((text) => parseCidr(text) ?? [])
    .filter(({ address }) => address.family === 'IPv4')
    .map(networkOf);
  const widest = [...ranges].sort((a, b) => a.bits - b.bits);
  const kept: Cidr[] = [];
  for (const range of widest) if (!kept.some((wide) => cidrContains(wide, range.address))) kept.push(range);
  return kept.map((range) => (range.bits === 0 ? '0.0.0.0-255.255.255.255' : cidrText(range)));
}

function ipv4Text(text: string): string | undefined {
  const address = parseIp(text);
  return address?.family === 'IPv4' ? ipText(address) : undefined;
}
