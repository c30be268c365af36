import type { NetworkPolicy } from '#kinds';
import type { AllowRule, GroupChange, PodRules, PolicyChanges } from '#model';
import type { Pod } from '#pod';
import { jsonEquals, type Json } from '#std';
import { rulesOf, selectsPod } from './pod-rules.js';

interface LocalPod {
  readonly pod: Pod;
  readonly addresses: readonly string[];
}
interface LocalGroup {
  readonly slices: Map<string, readonly string[]>;
  /** In how many slices a member is: one that moves is in two for a moment. */
  readonly members: Map<string, number>;
}
type Rules = ReturnType<typeof rulesOf>;

/**
 * The rules of one node, kept up to date: a policy that changes costs the node's pods of its namespace, a pod itself, a slice of a group
 * what is different in it. Groups that no rule names are known, but shown to nobody.
 */
export class PolicyTable {
  private readonly policies = new Map<string, Map<string, NetworkPolicy>>();
  private readonly groups = new Map<string, LocalGroup>();
  private readonly pods = new Map<string, LocalPod>();
  private readonly byNamespace = new Map<string, Set<string>>();
  /** By address: pods that list it. It is the last one's: a pod that ends may list it for a while after another got it. */
  private readonly claims = new Map<string, Set<string>>();
  private readonly rules = new Map<string, Rules>();
  private readonly shown = new Map<string, PodRules>();
  /** By shown address: the pod that it was shown for. */
  private readonly shownFor = new Map<string, string>();
  /** Groups that shown rules name, each with the number of those. */
  private readonly named = new Map<string, { count: number; readonly hasPorts: boolean }>();
  private readonly touched = new Set<string>();
  private readonly touchedAddresses = new Set<string>();
  /** By group: members as they were at the last look. */
  private readonly before = new Map<string, Map<string, boolean>>();

  putPolicy(namespace: string, name: string, policy: NetworkPolicy | undefined): void {
    const known = this.policies.get(namespace) ?? new Map<string, NetworkPolicy>();
    if (policy) this.policies.set(namespace, known.set(name, policy));
    else if (known.delete(name) && known.size === 0) this.policies.delete(namespace);
    for (const uid of this.byNamespace.get(namespace) ?? []) this.touched.add(uid);
  }
  /** A slice of a group; undefined when it is gone. */
  putSlice(id: string, slice: string, members: readonly string[] | undefined): void {
    const group = this.groups.get(id) ?? {
      slices: new Map<string, readonly string[]>(),
      members: new Map<string, number>(),
    };
    this.groups.set(id, group);
    const count = (member: string, by: number): void => {
      const known = group.members.get(member) ?? 0;
      if (this.named.has(id)) {
        const before = this.before.get(id) ?? new Map<string, boolean>();
        this.before.set(id, before);
        if (!before.has(member)) before.set(member, known > 0);
      }
      if (known + by > 0) group.members.set(member, known + by);
      else group.members.delete(member);
    };
    for (const member of members ?? []) count(member, 1);
    for (const member of group.slices.get(slice) ?? []) count(member, -1);
    if (members) group.slices.set(slice, members);
    else group.slices.delete(slice);
    if (group.slices.size === 0) this.groups.delete(id);
  }
  /** A pod of this node that has addresses of its own; undefined when it has none any more. Returns whether it is another one. */
  putPod(uid: string, local: LocalPod | undefined): boolean {
    const known = this.pods.get(uid);
    if (!known && !local) return false;
    if (known && local && isSame(known, local)) return false;
    this.touched.add(uid);
    this.claim(uid, known?.addresses ?? [], local?.addresses ?? []);
    const { namespace = '' } = (local ?? known)?.pod.metadata ?? {};
    const others = this.byNamespace.get(namespace) ?? new Set<string>();
    if (local) {
      this.pods.set(uid, local);
      this.byNamespace.set(namespace, others.add(uid));
    } else {
      this.pods.delete(uid);
      this.rules.delete(uid);
      if (others.delete(uid) && others.size === 0) this.byNamespace.delete(namespace);
    }
    return true;
  }
  /** Whether a policy isolates the pod now, whatever {@link changes} has shown. */
  isIsolated(uid: string): boolean {
    return this.rulesFor(uid) !== undefined;
  }
  /** Pods that a policy isolates now. */
  isolated(): readonly Pod[] {
    return [...this.pods.values()].flatMap(({ pod }) => (this.isIsolated(pod.metadata.uid) ? pod : []));
  }
  get isEmpty(): boolean {
    return this.shown.size === 0;
  }

  all(): PolicyChanges {
    const groups = [...this.named].map(([id, { hasPorts }]) => ({
      id,
      hasPorts,
      added: this.membersOf(id),
      removed: [],
    }));
    return { pods: [...this.shown.values()], gonePods: [], fresh: [], groups, goneGroups: [] };
  }
  /** What is different since the last call. */
  changes(): PolicyChanges {
    for (const uid of this.touched) this.recompute(uid);
    this.touched.clear();
    const pods: PodRules[] = [];
    const gonePods: string[] = [];
    const fresh: string[] = [];
    const named = new Map<string, boolean>();
    for (const address of this.touchedAddresses) {
      const before = this.shown.get(address);
      const owner = [...(this.claims.get(address) ?? [])].at(-1) ?? '';
      const rules = this.rules.get(owner);
      const after = rules && { address, ...rules };
      if (after && (this.shownFor.get(address) !== owner || isolatesMore(before, after))) fresh.push(address);
      if (after) this.shownFor.set(address, owner);
      else this.shownFor.delete(address);
      if (jsonEquals(asJson(before), asJson(after))) continue;
      for (const [id, hasPorts] of namedBy(after)) this.name(id, hasPorts, 1, named);
      for (const [id, hasPorts] of namedBy(before)) this.name(id, hasPorts, -1, named);
      if (after) {
        this.shown.set(address, after);
        pods.push(after);
      } else {
        this.shown.delete(address);
        gonePods.push(address);
      }
    }
    this.touchedAddresses.clear();
    return { pods, gonePods, fresh, ...this.groupChanges(named) };
  }

  private groupChanges(wasNamed: ReadonlyMap<string, boolean>): Pick<PolicyChanges, 'groups' | 'goneGroups'> {
    const groups: GroupChange[] = [];
    const goneGroups: string[] = [];
    for (const [id, was] of wasNamed) {
      const now = this.named.get(id);
      if (!was && now) groups.push({ id, hasPorts: now.hasPorts, added: this.membersOf(id), removed: [] });
      if (was && !now) goneGroups.push(id);
    }
    for (const [id, before] of this.before) {
      const now = this.named.get(id);
      if (!now || wasNamed.get(id) === false) continue;
      const { members } = this.groups.get(id) ?? {};
      const added = [...before].flatMap(([member, was]) => (!was && members?.has(member) ? member : []));
      const removed = [...before].flatMap(([member, was]) => (was && !members?.has(member) ? member : []));
      if (added.length + removed.length > 0) groups.push({ id, hasPorts: now.hasPorts, added, removed });
    }
    this.before.clear();
    return { groups, goneGroups };
  }
  /** `named` collects groups whose count changed, with whether they were named before. */
  private name(id: string, hasPorts: boolean, by: number, named: Map<string, boolean>): void {
    const known = this.named.get(id);
    if (!named.has(id)) named.set(id, known !== undefined);
    const count = (known?.count ?? 0) + by;
    if (count > 0) this.named.set(id, { count, hasPorts });
    else this.named.delete(id);
  }
  private membersOf(id: string): readonly string[] {
    return [...(this.groups.get(id)?.members.keys() ?? [])];
  }
  /** Only an address that is new for the pod is claimed: news of a pod takes none from another. */
  private claim(uid: string, before: readonly string[], after: readonly string[]): void {
    for (const address of before) {
      if (after.includes(address)) continue;
      const pods = this.claims.get(address);
      if (pods?.delete(uid) && pods.size === 0) this.claims.delete(address);
      this.touchedAddresses.add(address);
    }
    for (const address of after) {
      if (before.includes(address)) continue;
      this.claims.set(address, (this.claims.get(address) ?? new Set<string>()).add(uid));
      this.touchedAddresses.add(address);
    }
  }
  private recompute(uid: string): void {
    const local = this.pods.get(uid);
    if (!local) return;
    this.rules.set(uid, this.rulesFor(uid));
    for (const address of local.addresses) this.touchedAddresses.add(address);
  }
  private rulesFor(uid: string): Rules {
    const { pod } = this.pods.get(uid) ?? {};
    if (!pod || !this.touched.has(uid)) return this.rules.get(uid);
    const policies = [...(this.policies.get(pod.metadata.namespace ?? '') ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, policy]) => (selectsPod(policy, pod) ? policy : []));
    return rulesOf(pod, policies);
  }
}

function namedBy(rules: PodRules | undefined): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  const add = ({ peers, endpoints }: AllowRule): void => {
    for (const id of peers?.groups ?? []) found.set(id, false);
    if (endpoints) found.set(endpoints.group, true);
  };
  for (const rule of rules?.ingress ?? []) add(rule);
  for (const rule of rules?.egress ?? []) add(rule);
  return found;
}
function isolatesMore(before: PodRules | undefined, after: PodRules): boolean {
  return (['ingress', 'egress'] as const).some((direction) => after[direction] && !before?.[direction]);
}
function asJson(rules: PodRules | undefined): Json {
  if (!rules) return null;
  const { address, ingress = null, egress = null } = rules;
  return { address, ingress, egress } as unknown as Json;
}
/** Reports of a pod's state change its object, and nothing that rules look at. */
function isSame(known: LocalPod, { pod, addresses }: LocalPod): boolean {
  const isUnchanged = known.pod.spec === pod.spec && known.pod.metadata.labels === pod.metadata.labels;
  return (
    isUnchanged &&
    known.addresses.length === addresses.length &&
    known.addresses.every((one, i) => one === addresses[i])
  );
}
