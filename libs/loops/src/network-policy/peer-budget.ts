import type { PeerGroup } from './peers.js';

/**
 * What the groups of peers that one namespace's policies name may cost, in members. A member is some 300 bytes and 10 microseconds in the
 * health app, whose thread hears heartbeats too, and is told to all nodes. Every pod of a cluster of 150,000 as a peer fits four times,
 * each with another selector or name of a port; equal selectors cost once.
 */
export const PEERS_MAX = 750_000;
/** Testing so many pods costs as much as one member. */
export const LOOKED_AT_PER_COST = 16;
/** Of a group, whatever it selects. */
export const BASE_COST = 50;
/** A namespace over its budget looks again when its costs fall below this share, so that single pods do not move groups in and out. */
const LOOK_AGAIN_BELOW = 0.9;

/** The first policy of a namespace with a group that does not fit. */
export interface Overfull {
  readonly namespace: string;
  readonly name: string;
  /** How many policies of the namespace have such groups. */
  readonly policies: number;
}
/** How a budget makes groups and lets them go. */
export interface GroupStore {
  costOf(id: string): number;
  /** Returns false, and makes nothing, when the group costs more than is left. */
  use(group: PeerGroup, costLeft: number): boolean;
  release(id: string): void;
}
interface Naming {
  readonly name: string;
  readonly created: string;
  readonly groups: readonly PeerGroup[];
}

/**
 * Chooses which of the groups that the policies of one namespace name have members: those of the oldest policies, up to the first group
 * that does not fit. Policies that change cost their own groups, or all of the namespace once it is over its budget.
 */
export class PeerBudget {
  private readonly policies = new Map<string, Naming>();
  /** By group: how many policies name it. */
  private readonly named = new Map<string, number>();
  private readonly fresh = new Map<string, PeerGroup>();
  private readonly gone = new Set<string>();
  private readonly admitted = new Set<string>();
  private cost = 0;
  private settledCost = 0;
  private refused: readonly string[] = [];
  private said: string | undefined;
  /** The group that did not fit, and what was left for it: with no more it need not be tried again. */
  private failed: { readonly id: string; readonly costLeft: number } | undefined;

  constructor(private readonly costMax = PEERS_MAX) {}

  get isEmpty(): boolean {
    return this.policies.size === 0;
  }
  /** Effective with the next {@link settle}. */
  put(name: string, created: string, groups: readonly PeerGroup[]): void {
    const before = this.policies.get(name)?.groups ?? [];
    for (const group of groups) {
      this.named.set(group.id, (this.named.get(group.id) ?? 0) + 1);
      if (!this.admitted.has(group.id)) this.fresh.set(group.id, group);
    }
    for (const { id } of before) {
      const count = (this.named.get(id) ?? 1) - 1;
      if (count > 0) this.named.set(id, count);
      else if (this.named.delete(id)) this.gone.add(id);
    }
    if (groups.length > 0) this.policies.set(name, { name, created, groups });
    else this.policies.delete(name);
  }
  /** Notes what an admitted group costs more, or less. Returns whether to settle again. */
  charge(cost: number): boolean {
    this.cost += cost;
    if (this.cost > this.costMax) return true;
    if (this.refused.length === 0 || this.cost >= LOOK_AGAIN_BELOW * this.settledCost) return false;
    this.failed = undefined;
    return true;
  }
  settle(store: GroupStore): void {
    for (const id of this.gone) if (!this.named.has(id)) this.release(id, store);
    this.gone.clear();
    const fresh = [...this.fresh.values()].filter(({ id }) => this.named.has(id));
    this.fresh.clear();
    const isOver = this.refused.length > 0 || this.cost > this.costMax;
    if (isOver || !fresh.every((group) => this.admit(group, this.costMax - this.cost, store))) this.choose(store);
    this.settledCost = this.cost;
  }
  /** Nothing when it is as it was said before. */
  overfull(namespace: string): readonly Overfull[] {
    const [name] = this.refused;
    if (name === this.said) return [];
    this.said = name;
    return name === undefined ? [] : [{ namespace, name, policies: this.refused.length }];
  }

  private choose(store: GroupStore): void {
    const refused = new Set<string>();
    const chosen = new Set<string>();
    let costLeft = this.costMax;
    let isFull = false;
    for (const { name, groups } of [...this.policies.values()].sort(byAge))
      for (const group of groups) {
        if (chosen.has(group.id)) continue;
        isFull ||= !this.admit(group, costLeft, store);
        if (isFull) {
          this.release(group.id, store);
          refused.add(name);
        } else {
          chosen.add(group.id);
          costLeft -= store.costOf(group.id);
        }
      }
    if (!isFull) this.failed = undefined;
    this.refused = [...refused];
  }
  private admit(group: PeerGroup, costLeft: number, store: GroupStore): boolean {
    const { id } = group;
    if (this.admitted.has(id)) return store.costOf(id) <= costLeft;
    if (this.failed?.id === id && costLeft <= this.failed.costLeft) return false;
    if (!store.use(group, costLeft)) {
      this.failed = { id, costLeft };
      return false;
    }
    this.admitted.add(id);
    this.cost += store.costOf(id);
    return true;
  }
  private release(id: string, store: GroupStore): void {
    if (!this.admitted.delete(id)) return;
    this.cost -= store.costOf(id);
    store.release(id);
  }
}

function byAge(a: Naming, b: Naming): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
