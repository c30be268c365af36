import type { PodRules, PolicyChanges } from '#model';
import type { ContainerOwner, PolicyDataplane, PolicyPlace } from '#ports';

/** Remembers what it should enforce. */
export class MemoryPolicies implements PolicyDataplane {
  place: PolicyPlace | undefined;
  /** By the address of the pod. */
  readonly pods = new Map<string, PodRules>();
  readonly groups = new Map<string, Set<string>>();
  readonly calls: string[] = [];
  /** Addresses whose datagrams were to be judged anew. */
  readonly fresh: string[] = [];
  /** Why it cannot be opened; undefined: it can. */
  refusal: string | undefined;
  /** What it does not see, where it can be opened. */
  gap: string | undefined;
  /** Why rules are not taken; undefined: they are. */
  failure: string | undefined;

  open(place: PolicyPlace): Promise<string | undefined> {
    this.calls.push('open');
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    this.place = place;
    return Promise.resolve(this.gap);
  }
  replace(all: PolicyChanges): Promise<void> {
    return this.take('replace', all, () => {
      this.pods.clear();
      this.groups.clear();
    });
  }
  apply(changes: PolicyChanges): Promise<void> {
    return this.take('apply', changes);
  }
  add(all: PolicyChanges, changed: ReadonlySet<string>): Promise<void> {
    const pods = all.pods.filter(({ address }) => !this.pods.has(address) || changed.has(address));
    const groups = all.groups.filter(({ id }) => !this.groups.has(id));
    return this.take('add', { pods, gonePods: [], fresh: [], groups, goneGroups: [] });
  }
  check(): Promise<boolean> {
    return Promise.resolve(this.place !== undefined);
  }
  remove(_owner: ContainerOwner): Promise<void> {
    this.calls.push('remove');
    this.place = undefined;
    this.pods.clear();
    this.groups.clear();
    return Promise.resolve();
  }

  private take(call: string, changes: PolicyChanges, first?: () => void): Promise<void> {
    this.calls.push(call);
    if (this.failure !== undefined) return Promise.reject(new Error(this.failure));
    first?.();
    this.fresh.push(...changes.fresh);
    for (const rules of changes.pods) this.pods.set(rules.address, rules);
    for (const address of changes.gonePods) this.pods.delete(address);
    for (const { id, added, removed } of changes.groups) {
      const members = this.groups.get(id) ?? new Set<string>();
      for (const member of removed) members.delete(member);
      for (const member of added) members.add(member);
      this.groups.set(id, members);
    }
    for (const id of changes.goneGroups) this.groups.delete(id);
    return Promise.resolve();
  }
}
