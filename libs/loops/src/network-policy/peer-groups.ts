import type { Namespace, NetworkPolicy } from '#kinds';
import { selectorMatches } from '#meta';
import type { KubeObject } from '#model';
import { hasEnded, lastingContainersOf, type Pod } from '#pod';
import { BASE_COST, LOOKED_AT_PER_COST, PeerBudget, type Overfull } from './peer-budget.js';
import { groupsOf, protocolOf, type NamedPort, type PeerGroup, type PeerSelector } from './peers.js';

/** Up to so many members are one slice. Beyond it there is one for each node, so that a pod changes a small part. */
export const ONE_SLICE_MAX = 200;
/** No node has this name. */
const ONLY_SLICE = '_';

/** What a policy may select, as it is now. */
export interface PeerView {
  namespaces(): readonly Namespace[];
  pods(namespace: string): readonly Pod[];
}
/** A part of a group: addresses (`10.244.1.5`), or endpoints (`10.244.1.5:8080`), sorted; undefined: there is no such part any more. */
export interface PeerSlice {
  readonly group: string;
  readonly slice: string;
  readonly members: readonly string[] | undefined;
}

interface Group {
  readonly selector: PeerSelector;
  /** Namespaces whose policies name it and have it in their budget. */
  readonly users: Set<string>;
  /** By namespace: the nodes of its members, by the names of their pods. */
  readonly namespaces: Map<string, Map<string, string>>;
  /** By namespace: how many of its pods were tested when the group began to select it. */
  readonly lookedAt: Map<string, number>;
  cost: number;
  /** By node: what its members are reached at, by `namespace/name`. */
  readonly nodes: Map<string, Map<string, readonly string[]>>;
  size: number;
  /** As the last {@link PeerGroups.changes} showed it. */
  shown: Set<string>;
}

/**
 * The pods that NetworkPolicies name as peers, kept up to date. Policies with equal selectors share a group. A pod that changes costs
 * the groups that select its namespace, and one slice of each that has it; a policy costs the pods of the namespaces that each of its
 * selectors selects, within the {@link PeerBudget} of its namespace. Groups that do not fit there have no members: nobody may come.
 * Where all fit, what there is follows from the objects alone, not from the order in which they came.
 */
export class PeerGroups {
  private readonly groups = new Map<string, Group>();
  private readonly budgets = new Map<string, PeerBudget>();
  /** Namespaces whose policies or costs have changed so that their groups must be chosen again. */
  private readonly unsettled = new Set<string>();
  private readonly newlyOverfull: Overfull[] = [];
  private readonly byNamespace = new Map<string, Set<string>>();
  /** Groups that select namespaces by their labels. */
  private readonly selecting = new Set<string>();
  private readonly dirty = new Map<string, Set<string>>();

  constructor(
    private readonly view: PeerView,
    private readonly costMax?: number,
  ) {}

  putPolicy(namespace: string, name: string, policy: NetworkPolicy | undefined): void {
    const budget = this.budgets.get(namespace) ?? new PeerBudget(this.costMax);
    this.budgets.set(namespace, budget);
    budget.put(name, policy?.metadata.creationTimestamp ?? '', policy ? groupsOf(policy) : []);
    this.unsettled.add(namespace);
  }
  putNamespace(name: string, namespace: Namespace | undefined): void {
    for (const id of this.selecting) {
      const group = this.groups.get(id);
      if (!group) continue;
      const isSelected = namespace !== undefined && selects(group.selector, namespace);
      if (isSelected === (this.byNamespace.get(name)?.has(id) === true)) continue;
      if (isSelected) this.join(id, group, name);
      else this.leave(id, group, name);
    }
  }
  putPod(namespace: string, name: string, pod: Pod | undefined): void {
    for (const id of this.byNamespace.get(namespace) ?? []) {
      const group = this.groups.get(id);
      if (group) this.place(id, group, { namespace, name, pod });
    }
  }

  /** Policies that became the first of their namespace with a group that does not fit, since the last call. */
  overfull(): readonly Overfull[] {
    return this.newlyOverfull.splice(0);
  }
  /** Slices that are new, different or gone since the last call. */
  changes(): readonly PeerSlice[] {
    for (const namespace of this.unsettled) this.settle(namespace);
    this.unsettled.clear();
    const found: PeerSlice[] = [];
    for (const [id, nodes] of this.dirty) {
      const group = this.groups.get(id);
      const show = (slice: string, members: PeerSlice['members']): void =>
        void found.push({ group: id, slice, members });
      if (!group) {
        for (const slice of nodes) show(slice, undefined);
        continue;
      }
      const { shown } = group;
      const isSplit = group.size > ONE_SLICE_MAX;
      const wasSplit = shown.size > 0 && !shown.has(ONLY_SLICE);
      if (isSplit !== wasSplit) for (const slice of shown) show(slice, undefined);
      if (isSplit !== wasSplit) shown.clear();
      const touched = !isSplit ? [ONLY_SLICE] : wasSplit ? nodes : group.nodes.keys();
      for (const slice of touched) {
        const isThere = !isSplit || group.nodes.has(slice);
        if (isThere) shown.add(slice);
        else if (!shown.delete(slice)) continue;
        show(slice, isThere ? membersIn(group, isSplit ? [slice] : undefined) : undefined);
      }
    }
    this.dirty.clear();
    return found;
  }

  private settle(namespace: string): void {
    const budget = this.budgets.get(namespace);
    budget?.settle({
      costOf: (id) => this.groups.get(id)?.cost ?? 0,
      use: (group, costLeft) => this.use(namespace, group, costLeft),
      release: (id) => this.release(namespace, id),
    });
    this.newlyOverfull.push(...(budget?.overfull(namespace) ?? []));
    if (budget?.isEmpty) this.budgets.delete(namespace);
  }
  /** Returns whether the group costs no more than is left. */
  private use(user: string, { id, selector }: PeerGroup, costLeft: number): boolean {
    const known = this.groups.get(id);
    if (known) {
      if (known.cost <= costLeft) known.users.add(user);
      return known.cost <= costLeft;
    }
    const group: Group = {
      ...{ selector, users: new Set<string>(), namespaces: new Map(), lookedAt: new Map(), nodes: new Map() },
      ...{ size: 0, cost: BASE_COST, shown: new Set<string>() },
    };
    // It may have been there at the last look, and be made again since: what it does not have any more must be told as well.
    const gone = this.dirty.get(id);
    if (gone) group.shown = gone;
    this.groups.set(id, group);
    this.dirty.set(id, new Set(gone));
    if (selector.namespace === undefined) this.selecting.add(id);
    const own = selector.namespace === undefined ? undefined : [selector.namespace];
    for (const namespace of own ?? this.namesSelectedBy(selector)) {
      if (group.cost > costLeft) break;
      this.join(id, group, namespace, costLeft);
    }
    if (group.cost <= costLeft) group.users.add(user);
    else this.drop(id, group);
    return group.cost <= costLeft;
  }
  private *namesSelectedBy(selector: PeerSelector): Iterable<string> {
    for (const namespace of this.view.namespaces()) if (selects(selector, namespace)) yield namespace.metadata.name;
  }
  private release(user: string, id: string): void {
    const group = this.groups.get(id);
    if (group?.users.delete(user) && group.users.size === 0) this.drop(id, group);
  }
  private drop(id: string, group: Group): void {
    for (const namespace of group.namespaces.keys()) this.unlist(id, namespace);
    this.groups.delete(id);
    this.selecting.delete(id);
    if (group.shown.size > 0) this.dirty.set(id, new Set(group.shown));
    else this.dirty.delete(id);
  }
  private charge(group: Group, cost: number): void {
    group.cost += cost;
    for (const user of group.users) if (this.budgets.get(user)?.charge(cost)) this.unsettled.add(user);
  }
  private join(id: string, group: Group, namespace: string, costLeft = Infinity): void {
    this.byNamespace.set(namespace, (this.byNamespace.get(namespace) ?? new Set()).add(id));
    group.namespaces.set(namespace, new Map());
    const pods = this.view.pods(namespace);
    group.lookedAt.set(namespace, pods.length);
    this.charge(group, pods.length / LOOKED_AT_PER_COST);
    for (const pod of pods) {
      if (group.cost > costLeft) return;
      this.place(id, group, { namespace, name: pod.metadata.name, pod });
    }
  }
  private leave(id: string, group: Group, namespace: string): void {
    for (const name of [...(group.namespaces.get(namespace)?.keys() ?? [])])
      this.place(id, group, { namespace, name, pod: undefined });
    group.namespaces.delete(namespace);
    this.charge(group, -(group.lookedAt.get(namespace) ?? 0) / LOOKED_AT_PER_COST);
    group.lookedAt.delete(namespace);
    this.unlist(id, namespace);
  }
  private unlist(id: string, namespace: string): void {
    const ids = this.byNamespace.get(namespace);
    ids?.delete(id);
    if (ids?.size === 0) this.byNamespace.delete(namespace);
  }
  private place(id: string, group: Group, { namespace, name, pod }: Placed): void {
    const key = `${namespace}/${name}`;
    const members = group.namespaces.get(namespace);
    const before = members?.get(name);
    const node = pod?.spec.nodeName ?? '';
    const texts = pod ? textsOf(pod, group.selector) : [];
    const known = before === undefined ? undefined : group.nodes.get(before)?.get(key);
    const isSame = before === node && known?.length === texts.length && known.every((text, i) => text === texts[i]);
    if (!members || isSame || (before === undefined && texts.length === 0)) return;
    if (before !== undefined) {
      const there = group.nodes.get(before);
      there?.delete(key);
      if (there?.size === 0) group.nodes.delete(before);
      members.delete(name);
      group.size--;
      this.charge(group, -(known?.length ?? 0));
      this.mark(id, before);
    }
    if (texts.length === 0) return;
    members.set(name, node);
    group.nodes.set(node, (group.nodes.get(node) ?? new Map<string, readonly string[]>()).set(key, texts));
    group.size++;
    this.charge(group, texts.length);
    this.mark(id, node);
  }
  private mark(id: string, node: string): void {
    this.dirty.set(id, (this.dirty.get(id) ?? new Set()).add(node));
  }
}

interface Placed {
  readonly namespace: string;
  readonly name: string;
  readonly pod: Pod | undefined;
}

/** What others reach a pod at: nothing of one that has ended, has no address yet, or has its node's. */
export function addressesOf(pod: Pod): readonly string[] {
  if (pod.spec.hostNetwork === true || hasEnded(pod) || !pod.spec.nodeName) return [];
  return (pod.status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
}
/** The numbers that the containers of a pod give to a name. */
export function numbersOf(pod: Pod, { protocol, name }: NamedPort): readonly number[] {
  const numbers = lastingContainersOf(pod)
    .flatMap(({ ports }) => ports ?? [])
    .filter((port) => port.name === name && protocolOf(port.protocol) === protocol)
    .map(({ containerPort }) => containerPort);
  return [...new Set(numbers)];
}

function textsOf(pod: Pod, { podSelector, port }: PeerSelector): readonly string[] {
  if (!selectorMatches(podSelector, pod.metadata.labels)) return [];
  const addresses = addressesOf(pod);
  if (!port) return addresses;
  const numbers = numbersOf(pod, port);
  return addresses.flatMap((address) => numbers.map((number) => `${address}:${number}`));
}
function selects({ namespaceSelector }: PeerSelector, { metadata }: KubeObject): boolean {
  return selectorMatches(namespaceSelector, metadata.labels);
}
function membersIn({ nodes }: Group, names: Iterable<string> = nodes.keys()): readonly string[] {
  const found = new Set<string>();
  for (const name of names)
    for (const texts of nodes.get(name)?.values() ?? []) for (const text of texts) found.add(text);
  return [...found].sort();
}
