import { cidrContains, cidrText, ipText, networkOf, parseCidr, parseIp, type Cidr } from '#meta';
import type { Backend, Frontend, FrontendChanges } from '#model';
import { HIDDEN, INSIDE, IPV4, IPV6, PICKED, SLOTS_MAX, type NftFamily } from './base-rules.js';
import type { Flow } from '../stale-flows.js';
import { nameOf, plainSlots, stickySlots } from './slots.js';

const HAIRPIN = 'hairpin';

interface Installed {
  readonly frontend: Frontend;
  /** What a frontend is for clients of the node itself, where that differs. */
  readonly isInside: boolean;
  readonly slots: readonly Backend[];
}
/** Takes an element of a set or map; `data` is empty in a set. */
type TakeElement = (set: string, key: string, data: string) => void;

/** Where a frontend led, and no longer does. */
export interface LostBackend {
  readonly frontend: Pick<Frontend, 'protocol' | 'address' | 'port'>;
  readonly backend: Pick<Backend, 'address' | 'port'>;
}

export interface Delta {
  readonly script: string;
  /** Flows may still lead there. */
  readonly lost: readonly LostBackend[];
  /** A pod of this node is a backend that was none before. */
  readonly hasNewLocal: boolean;
  /** To be called when the script was carried out. */
  commit(): void;
}

/** What is in the table of a node, and the scripts that change it: as many lines as there are differences. */
export class RuleSet {
  private installed = new Map<string, Installed>();
  /** By name of a chain, the number of frontends that go there. */
  private chains = new Map<string, number>();
  /** Elements that frontends share, as `set element`, with the number of frontends that need them. */
  private shared = new Map<string, number>();
  /**
   * Hairpins that nobody needs any more. They go with the next change: a pod's packet to itself that was led before this one may
   * pass its last rules after it.
   */
  private late = new Set<string>();

  /** `table` as commands name it. */
  private readonly table: string;

  constructor(
    name: string,
    private readonly family: NftFamily = IPV4,
  ) {
    this.table = `${family.name} ${name}`;
  }

  /** A table that has nothing yet. */
  clear(): void {
    this.installed = new Map();
    this.chains = new Map();
    this.shared = new Map();
    this.late = new Set();
  }

  delta({ changed, gone }: FrontendChanges): Delta {
    const added = new Lines();
    const deleted = new Lines();
    const next = new Map<string, Installed | undefined>();
    const take = (key: string, frontend: Frontend | undefined): void => {
      next.set(key, frontend && this.install(frontend));
      const inside = insideKey(key);
      if (frontend?.inside)
        next.set(inside, this.install({ ...frontend, key: inside, backends: frontend.inside }, true));
      else if (this.installed.has(inside)) next.set(inside, undefined);
    };
    for (const key of gone) take(key, undefined);
    for (const frontend of changed) take(frontend.key, frontend);
    const chains = new Map<string, ChainUse>();
    const shared = new Map<string, number>();
    const lost: LostBackend[] = [];
    for (const [key, after] of next) {
      const before = this.installed.get(key);
      differences(before, after, added, deleted);
      eachShared(before, (one) => shared.set(one, (shared.get(one) ?? 0) - 1));
      eachShared(after, (one) => shared.set(one, (shared.get(one) ?? 0) + 1));
      countChain(chains, before, -1);
      countChain(chains, after, 1);
      lost.push(...lostBackends(before, after));
    }
    let hasNewLocal = false;
    const late = new Set<string>();
    for (const [one, by] of shared) {
      const before = this.shared.get(one) ?? 0;
      const isNew = before === 0 && by > 0;
      const isHairpin = one.startsWith(`${HAIRPIN} `);
      if (isNew && !this.late.has(one)) added.addShared(one);
      if (before > 0 && before + by === 0) {
        if (isHairpin) late.add(one);
        else deleted.addShared(one);
      }
      hasNewLocal ||= isHairpin && isNew;
    }
    for (const one of this.late) if ((shared.get(one) ?? 0) === 0) deleted.addShared(one);
    const usesOf = (name: string): number => this.chains.get(name) ?? 0;
    const fresh = [...chains].filter(([name, { by }]) => usesOf(name) === 0 && by > 0);
    const unused = [...chains].filter(([name, { by }]) => usesOf(name) > 0 && usesOf(name) + by === 0);
    const script = [
      ...fresh.map(
        ([name, { one }]) => `add chain ${this.table} ${name} { ${chainRules(one, this.family).join('; ')}; }`,
      ),
      ...deleted.commands('delete', this.table),
      ...added.commands('add', this.table),
      // Nothing goes there any more by what stands above.
      ...unused.map(([name]) => `delete chain ${this.table} ${name}`),
      '',
    ].join('\n');
    const commit = (): void => {
      for (const [name, { by }] of chains) {
        const uses = usesOf(name) + by;
        if (uses > 0) this.chains.set(name, uses);
        else this.chains.delete(name);
      }
      for (const [key, one] of next) {
        if (one) this.installed.set(key, one);
        else this.installed.delete(key);
      }
      for (const [one, by] of shared) {
        const count = (this.shared.get(one) ?? 0) + by;
        if (count > 0) this.shared.set(one, count);
        else this.shared.delete(one);
      }
      this.late = late;
    };
    return { script, lost, hasNewLocal, commit };
  }

  /** Whether a flow leads where calls there are led now; undefined: nothing of these rules has led it. */
  leads({ protocol, address, port, backend }: Flow): boolean | undefined {
    const wanted = nameOf(backend);
    if (wanted === nameOf({ address, port })) return undefined;
    const places = [address, this.family.family === 'IPv6' ? 'node6' : 'node'].map(
      (one) => `${one}/${protocol}/${port}`,
    );
    const all = places.flatMap((key) => [key, insideKey(key)]).flatMap((key) => this.installed.get(key) ?? []);
    if (all.length === 0) return undefined;
    return all.some(({ slots }) => slots.some((slot) => nameOf(slot) === wanted));
  }

  /** Frontends and backends of the other family are left out. */
  private install(shown: Frontend, isInside = false): Installed | undefined {
    const { family } = this.family;
    const address = shown.address === undefined ? undefined : textOf(shown.address, family);
    if (shown.address === undefined ? (shown.family ?? 'IPv4') !== family : address === undefined) return undefined;
    const backends: Backend[] = [];
    for (const backend of shown.backends) {
      const known = textOf(backend.address, family);
      if (known !== undefined) backends.push(known === backend.address ? backend : { ...backend, address: known });
    }
    const frontend: Frontend = { ...shown, address, backends };
    const before = this.installed.get(shown.key)?.slots ?? [];
    const slotsOf = frontend.affinitySeconds === undefined ? plainSlots : stickySlots;
    return { frontend, isInside, slots: slotsOf(before, backends.slice(0, SLOTS_MAX / 4)) };
  }
}

function insideKey(key: string): string {
  return `inside ${key}`;
}

/** A chain, one of the frontends that go there, and by how many more do. */
interface ChainUse {
  readonly one: Installed;
  by: number;
}
function countChain(chains: Map<string, ChainUse>, one: Installed | undefined, by: number): void {
  if (!one || one.slots.length === 0) return;
  const name = chainName(one);
  const known = chains.get(name);
  if (known) known.by += by;
  else chains.set(name, { one, by });
}

/** Elements by set, so that many of them are one command. */
class Lines {
  private readonly sets = new Map<string, string[]>();

  add(set: string, element: string): void {
    const known = this.sets.get(set);
    if (known) known.push(element);
    else this.sets.set(set, [element]);
  }
  /** An element as it is in {@link RuleSet.shared}. */
  addShared(one: string): void {
    const space = one.indexOf(' ');
    this.add(one.slice(0, space), one.slice(space + 1));
  }
  commands(what: 'add' | 'delete', table: string): readonly string[] {
    return [...this.sets].map(([set, all]) => `${what} element ${table} ${set} { ${all.join(', ')} }`);
  }
}

function differences(before: Installed | undefined, after: Installed | undefined, added: Lines, deleted: Lines): void {
  const add: TakeElement = (set, key, data) => added.add(set, data === '' ? key : `${key} : ${data}`);
  // As it is for all of them when the table is made, at which each moment counts.
  if (!before) return eachElement(after, add);
  const had = elementsOf(before);
  const has = elementsOf(after);
  for (const [set, elements] of had)
    for (const [key, data] of elements) if (has.get(set)?.get(key) !== data) deleted.add(set, key);
  for (const [set, elements] of has)
    for (const [key, data] of elements) if (had.get(set)?.get(key) !== data) add(set, key, data);
}
/** By set or map: what a frontend has there, by key. */
function elementsOf(one: Installed | undefined): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>();
  eachElement(one, (set, key, data) => {
    const elements = found.get(set) ?? new Map<string, string>();
    found.set(set, elements.set(key, data));
  });
  return found;
}

/** The elements that are a frontend's alone. */
function eachElement(one: Installed | undefined, take: TakeElement): void {
  if (!one) return;
  const { frontend, isInside, slots } = one;
  const { address, protocol, port, whenEmpty } = frontend;
  const proto = protocol.toLowerCase();
  const key = address === undefined ? `${proto} . ${port}` : `${address} . ${proto} . ${port}`;
  const isPort = address === undefined;
  if (frontend.sourceRanges && address !== undefined && !isInside) {
    take('ranged', key, '');
    for (const range of rangesOf(frontend.sourceRanges, address.includes(':') ? IPV6 : IPV4))
      take('allowed', `${key} . ${range}`, '');
  }
  if (slots.length === 0 && isInside) return;
  if (slots.length === 0)
    return take(isPort ? 'emptyports' : 'empty', key, whenEmpty === 'drop' ? 'goto discard' : 'goto refuse');
  const ports = isInside ? 'insideports' : 'ports';
  const addresses = frontend.isExternal && !isInside ? 'external' : 'cluster';
  take(isPort ? ports : addresses, key, `goto ${chainName(one)}`);
  const first = firstMark(one);
  for (const [i, backend] of slots.entries())
    take(isPort ? 'portbackends' : 'backends', `${key} . ${first + i}`, nameOf(backend));
}

function firstMark({ frontend, isInside }: Installed): number {
  if (isInside) return INSIDE;
  return frontend.hidesClient ? HIDDEN : PICKED;
}
/** Frontends that choose in the same way share a chain. */
function chainName({ frontend: { address, affinitySeconds, hidesClient }, isInside, slots }: Installed): string {
  const how = isInside ? '_inside' : hidesClient ? '_hidden' : '';
  const name = `${address === undefined ? 'port' : 'pick'}_${slots.length}${how}`;
  return affinitySeconds === undefined ? name : `${name}_${affinitySeconds}s`;
}
function chainRules(one: Installed, { name: ip }: NftFamily): readonly string[] {
  const { frontend, slots } = one;
  const { length: count } = slots;
  const { address, affinitySeconds } = frontend;
  const first = firstMark(one);
  const pick = count === 1 ? `meta mark set ${first}` : `meta mark set numgen random mod ${count} offset ${first}`;
  const lead = `goto ${address === undefined ? 'leadport' : 'lead'}`;
  if (affinitySeconds === undefined) return [pick, lead];
  const call = `${ip} saddr . ${ip} daddr . meta l4proto . th dport`;
  const client = ip === 'ip' ? call : `jhash ${call} mod 4294967295 seed ${PICKED}`;
  const look =
    ip === 'ip'
      ? [`meta mark set ${client} map @sticky`]
      : [`meta mark set ${client}`, 'meta mark set meta mark map @sticky'];
  return [
    ...look,
    `meta mark != ${count === 1 ? first : `${first}-${first + count - 1}`} ${pick}`,
    `update @sticky { ${client} timeout ${affinitySeconds}s : meta mark }`,
    lead,
  ];
}

/**
 * Elements that a frontend needs and others may need too, as `set element`, each once: its pods on this node, and its address where
 * that is a service's alone, so that nothing else of the node answers there.
 */
function eachShared(one: Installed | undefined, take: (element: string) => void): void {
  if (!one) return;
  const { frontend, slots } = one;
  const isOwn = !frontend.isExternal || frontend.answeredBy === 'this node';
  if (frontend.address !== undefined && isOwn) take(`clusterips ${frontend.address}`);
  const locals = slots.filter(({ isLocal, address }) => isLocal && !address.startsWith('127.') && address !== '::1');
  for (const address of new Set(locals.map(({ address }) => address))) take(`${HAIRPIN} ${address} . ${address}`);
}

function lostBackends(before: Installed | undefined, after: Installed | undefined): readonly LostBackend[] {
  if (!before) return [];
  const { frontend } = before;
  const kept = new Set((after?.slots ?? []).map(nameOf));
  const lost = new Map(before.slots.filter((one) => !kept.has(nameOf(one))).map((one) => [nameOf(one), one]));
  return [...lost.values()].map((backend) => ({ frontend, backend }));
}

/** Ranges as the packet filter takes them: none within another. */
function rangesOf(texts: readonly string[], family: NftFamily): readonly string[] {
  const ranges = texts
    .flatMap((text) => parseCidr(text) ?? [])
    .filter(({ address }) => address.family === family.family)
    .map(networkOf);
  const widest = [...ranges].sort((a, b) => a.bits - b.bits);
  const kept: Cidr[] = [];
  for (const range of widest) if (!kept.some((wide) => cidrContains(wide, range.address))) kept.push(range);
  return kept.map((range) => (range.bits === 0 ? family.all : cidrText(range)));
}

function textOf(text: string, family: NftFamily['family']): string | undefined {
  const address = parseIp(text);
  if (address?.family !== family) return undefined;
  return address.strict && family === 'IPv4' ? text : ipText(address);
}
