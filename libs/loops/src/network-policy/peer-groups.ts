import type { Namespace, NetworkPolicy } from '#kinds';
import { selectorMatches } from '#meta';
import type { KubeObject } from '#model';
import { hasEnded, lastingContainersOf, type Pod } from '#pod';
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
  /** Policies that name it. */
  users: number;
  /** By namespace: the nodes of its members, by the names of their pods. */
  readonly namespaces: Map<string, Map<string, string>>;
  /** By node: what its members are reached at, by `namespace/name`. */
  readonly nodes: Map<string, Map<string, readonly string[]>>;
  size: number;
  /** As the last {@link PeerGroups.changes} showed it. */
  shown: Set<string>;
}

/**
 * The pods that NetworkPolicies name as peers, kept up to date. Policies with equal selectors share a group. A pod that changes costs
 * the groups that select its namespace, and one slice of each that has it; a policy costs the pods of the namespaces that it selects.
 * What there is follows from the objects alone, not from the order in which they came.
 */
export class PeerGroups {
  private readonly groups = new Map<string, Group>();
  private readonly ofPolicy = new Map<string, readonly string[]>();
  private readonly byNamespace = new Map<string, Set<string>>();
  /** Groups that select namespaces by their labels. */
  private readonly selecting = new Set<string>();
  private readonly dirty = new Map<string, Set<string>>();

  constructor(private readonly view: PeerView) {}

  putPolicy(namespace: string, name: string, policy: NetworkPolicy | undefined): void {
    const key = `${namespace}/${name}`;
    const before = this.ofPolicy.get(key) ?? [];
    const after = policy ? groupsOf(policy) : [];
    for (const group of after) this.use(group);
    for (const id of before) this.release(id);
    if (after.length > 0)
      this.ofPolicy.set(
        key,
        after.map(({ id }) => id),
      );
    else this.ofPolicy.delete(key);
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

  /** Slices that are new, different or gone since the last call. */
  changes(): readonly PeerSlice[] {
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

  private use({ id, selector }: PeerGroup): void {
    const known = this.groups.get(id);
    if (known) {
      known.users++;
      return;
    }
    const group: Group = { selector, users: 1, namespaces: new Map(), nodes: new Map(), size: 0, shown: new Set() };
    // It may have been there at the last look, and be made again since.
    const gone = this.dirty.get(id);
    if (gone) group.shown = gone;
    this.groups.set(id, group);
    this.dirty.set(id, new Set());
    if (selector.namespace !== undefined) return this.join(id, group, selector.namespace);
    this.selecting.add(id);
    for (const namespace of this.view.namespaces())
      if (selects(selector, namespace)) this.join(id, group, namespace.metadata.name);
  }
  private release(id: string): void {
    const group = this.groups.get(id);
    if (!group || --group.users > 0) return;
    for (const namespace of group.namespaces.keys()) this.unlist(id, namespace);
    this.groups.delete(id);
    this.selecting.delete(id);
    this.dirty.set(id, new Set(group.shown));
  }
  private join(id: string, group: Group, namespace: string): void {
    this.byNamespace.set(namespace, (this.byNamespace.get(namespace) ?? new Set()).add(id));
    group.namespaces.set(namespace, new Map());
    for (const pod of this.view.pods(namespace)) this.place(id, group, { namespace, name: pod.metadata.name, pod });
  }
  private leave(id: string, group: Group, namespace: string): void {
    for (const name of [...(group.namespaces.get(namespace)?.keys() ?? [])])
      this.place(id, group, { namespace, name, pod: undefined });
    group.namespaces.delete(namespace);
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
      this.mark(id, before);
    }
    if (texts.length === 0) return;
    members.set(name, node);
    group.nodes.set(node, (group.nodes.get(node) ?? new Map<string, readonly string[]>()).set(key, texts));
    group.size++;
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
