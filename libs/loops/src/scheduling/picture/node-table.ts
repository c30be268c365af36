import { type Node } from '#kinds';
import type { Labels, Taint } from '#meta';
import { type HostPort, type Pod, listed, portsConflict } from '#pod';
import type { Needs } from './needs.js';
import { NodeMatches } from './node-match.js';

/** A node at its place in the arrays. */
export interface NodeRow {
  readonly index: number;
  readonly name: string;
  node: Node;
  labels: Labels;
  /** Pods counted here, by key: all but those that have ended. */
  readonly pods: Map<string, PlacedPod>;
  /** Those of them that take host ports. */
  readonly withPorts: Set<PlacedPod>;
}
export interface PlacedPod {
  readonly key: string;
  readonly pod: Pod;
  readonly needs: Needs;
}

/** Amounts of one resource, by node. */
export interface Column {
  allocatable: Float64Array;
  used: Float64Array;
}
/** Which value of a node label each node has, as a number; -1 without the label. */
export interface Domains {
  of: Int32Array;
  readonly ids: Map<string, number>;
}

const FIRST_CAPACITY = 64;
/** Topology keys whose domains are kept; pods may name any. */
const DOMAINS_MAX = 64;

/**
 * The nodes in flat arrays, one place for each; a place whose node is gone is used again. Columns exist for the resources that
 * some node offers: whatever else pods ask for is nowhere.
 */
export class NodeTable {
  readonly rows: (NodeRow | undefined)[] = [];
  readonly columns = new Map<string, Column>();
  readonly matches = new NodeMatches(this);
  slots = new Float64Array(FIRST_CAPACITY);
  /** How many pods are counted on each node. */
  taken = new Float64Array(FIRST_CAPACITY);
  scoredCpu = new Float64Array(FIRST_CAPACITY);
  scoredMemory = new Float64Array(FIRST_CAPACITY);
  /** Another number after each change of what is on a node or of what it offers. */
  versions = new Float64Array(FIRST_CAPACITY);
  private version = 0;
  private ranking: Int32Array | undefined;
  private readonly byName = new Map<string, NodeRow>();
  private readonly free: number[] = [];
  private readonly domains = new Map<string, Domains>();
  private ordered: readonly NodeRow[] | undefined;

  constructor() {
    this.column('cpu');
    this.column('memory');
  }

  get count(): number {
    return this.byName.size;
  }
  get(name: string): NodeRow | undefined {
    return this.byName.get(name);
  }
  /** All nodes in the order of their names. */
  inOrder(): readonly NodeRow[] {
    this.ordered ??= [...this.byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.ordered;
  }

  /** Where each node comes in the order of names, by its place. */
  ranks(): Int32Array {
    if (this.ranking === undefined) {
      this.ranking = new Int32Array(this.slots.length);
      for (const [rank, { index }] of this.inOrder().entries()) this.ranking[index] = rank;
    }
    return this.ranking;
  }

  put(node: Node): NodeRow {
    const known = this.byName.get(node.metadata.name);
    const row = known ?? this.added(node);
    row.node = node;
    row.labels = node.metadata.labels ?? {};
    const { index } = row;
    const amounts = listed(
      (node as { status?: { allocatable?: { readonly [name: string]: string } } }).status?.allocatable,
    );
    this.versions[index] = ++this.version;
    this.slots[index] = amounts.get('pods') ?? 0;
    for (const resource of amounts.keys()) this.column(resource);
    for (const [resource, { allocatable }] of this.columns) allocatable[index] = amounts.get(resource) ?? 0;
    for (const [key, domains] of this.domains) domains.of[index] = idOf(domains, row.labels[key]);
    this.matches.update(index);
    return row;
  }
  /** Its pods must have been taken off before. */
  remove(row: NodeRow): void {
    const { index, name } = row;
    this.byName.delete(name);
    this.rows[index] = undefined;
    this.ordered = undefined;
    this.ranking = undefined;
    this.free.push(index);
    for (const domains of this.domains.values()) domains.of[index] = -1;
    this.matches.update(index);
  }

  place(row: NodeRow, placed: PlacedPod): void {
    row.pods.set(placed.key, placed);
    this.add(row.index, placed.needs, 1);
    if (placed.needs.ports.length > 0) row.withPorts.add(placed);
  }
  displace(row: NodeRow, placed: PlacedPod): void {
    row.pods.delete(placed.key);
    this.add(row.index, placed.needs, -1);
    row.withPorts.delete(placed);
  }
  private add(index: number, { requests, scoredCpu, scoredMemory }: Needs, times: 1 | -1): void {
    this.versions[index] = ++this.version;
    (this.taken[index] as number) += times;
    (this.scoredCpu[index] as number) += times * scoredCpu;
    (this.scoredMemory[index] as number) += times * scoredMemory;
    for (const [resource, amount] of requests) {
      const column = this.columns.get(resource);
      if (column) (column.used[index] as number) += times * amount;
    }
  }

  hasConflict({ withPorts }: NodeRow, ports: readonly HostPort[]): boolean {
    for (const { needs } of withPorts)
      for (const taken of needs.ports) for (const port of ports) if (portsConflict(port, taken)) return true;
    return false;
  }
  taintsOf(index: number): readonly Taint[] {
    return (this.rows[index]?.node.spec?.taints ?? []) as readonly Taint[];
  }

  /** The domains of a topology key. */
  domainsOf(key: string): Domains {
    let domains = this.domains.get(key);
    // Values that no node has any more are dropped with the whole.
    if (domains !== undefined && domains.ids.size <= 2 * this.rows.length + FIRST_CAPACITY) return domains;
    domains = { of: new Int32Array(this.slots.length).fill(-1), ids: new Map() };
    for (const row of this.byName.values()) domains.of[row.index] = idOf(domains, row.labels[key]);
    if (this.domains.size >= DOMAINS_MAX) this.domains.clear();
    this.domains.set(key, domains);
    return domains;
  }

  private added(node: Node): NodeRow {
    const index = this.free.pop() ?? this.rows.length;
    if (index >= this.slots.length) this.grow();
    const { name } = node.metadata;
    const row: NodeRow = { index, name, node, labels: {}, pods: new Map(), withPorts: new Set() };
    this.rows[index] = row;
    this.byName.set(name, row);
    this.ordered = undefined;
    this.ranking = undefined;
    return row;
  }
  private grow(): void {
    const capacity = 2 * this.slots.length;
    const larger = (array: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(capacity);
      next.set(array);
      return next;
    };
    this.slots = larger(this.slots);
    this.taken = larger(this.taken);
    this.scoredCpu = larger(this.scoredCpu);
    this.scoredMemory = larger(this.scoredMemory);
    this.versions = larger(this.versions);
    this.ranking = undefined;
    for (const column of this.columns.values()) {
      column.allocatable = larger(column.allocatable);
      column.used = larger(column.used);
    }
    for (const domains of this.domains.values()) {
      const next = new Int32Array(capacity).fill(-1);
      next.set(domains.of);
      domains.of = next;
    }
    this.matches.grow(capacity);
  }
  private column(resource: string): void {
    if (resource === 'pods' || this.columns.has(resource)) return;
    const capacity = this.slots.length;
    const column = { allocatable: new Float64Array(capacity), used: new Float64Array(capacity) };
    for (const row of this.byName.values())
      for (const { needs } of row.pods.values())
        for (const [name, amount] of needs.requests)
          if (name === resource) (column.used[row.index] as number) += amount;
    this.columns.set(resource, column);
  }
}

function idOf({ ids }: Domains, value: string | undefined): number {
  if (value === undefined) return -1;
  let id = ids.get(value);
  if (id === undefined) ids.set(value, (id = ids.size));
  return id;
}
