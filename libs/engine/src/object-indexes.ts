import type { KindId, KubeObject, ObjectIndex, StreamName } from '#model';
import { assert } from '#std';

/** What an index refers to: the stream of an object. */
export interface Indexed {
  readonly stream: string;
  readonly name: StreamName;
}

const NONE: readonly never[] = [];

/**
 * The secondary indexes of a view. An index is maintained from the first time that it is asked for, or from its declaration on
 * ({@link keep}); building it costs one walk over what there is, each change afterwards what changed.
 */
export class ObjectIndexes<E extends Indexed> {
  private readonly tables = new Map<ObjectIndex, IndexTable<E>>();
  private readonly ofAllKinds: IndexTable<E>[] = [];
  private readonly ofKind = new Map<KindId, IndexTable<E>[]>();

  /** `all` gives every entry with its object; it is called when an index has to be built. */
  constructor(private readonly all: () => Iterable<readonly [E, KubeObject]>) {}

  get kept(): readonly ObjectIndex[] {
    return [...this.tables.keys()];
  }

  keep(indexes: Iterable<ObjectIndex>): void {
    const added = [...new Set(indexes)].filter((index) => !this.tables.has(index)).map((index) => this.add(index));
    if (added.length === 0) return;
    for (const [entry, object] of this.all()) {
      for (const table of added) if (table.covers(entry.name.kind)) table.update(entry, undefined, object);
    }
  }

  /** Entries with that value, by stream name. */
  by(index: ObjectIndex, value: string): readonly E[] {
    if (!this.tables.has(index)) this.keep([index]);
    return this.tables.get(index)?.by(value) ?? NONE;
  }

  /** The object of an entry was `before` and is `after`. */
  update(entry: E, before: KubeObject | undefined, after: KubeObject | undefined): void {
    for (const table of this.ofAllKinds) table.update(entry, before, after);
    for (const table of this.ofKind.get(entry.name.kind) ?? NONE) table.update(entry, before, after);
  }

  private add(index: ObjectIndex): IndexTable<E> {
    for (const { name } of this.tables.keys()) assert(name !== index.name, `two indexes are named "${name}"`);
    const table = new IndexTable<E>(index);
    this.tables.set(index, table);
    if (!index.kind) this.ofAllKinds.push(table);
    else {
      const tables = this.ofKind.get(index.kind.id);
      if (tables) tables.push(table);
      else this.ofKind.set(index.kind.id, [table]);
    }
    return table;
  }
}

/** One index. A value that one object alone has, as a uid is, takes no set. */
class IndexTable<E extends Indexed> {
  private readonly buckets = new Map<string, E | Bucket<E>>();

  constructor(private readonly index: ObjectIndex) {}

  covers(kind: KindId): boolean {
    return this.index.kind === undefined || this.index.kind.id === kind;
  }

  by(value: string): readonly E[] {
    const found = this.buckets.get(value);
    if (found === undefined) return NONE;
    return found instanceof Bucket ? found.sorted() : [found];
  }

  update(entry: E, before: KubeObject | undefined, after: KubeObject | undefined): void {
    const { index } = this;
    if (before && after && index.part && index.part(before) === index.part(after)) return;
    const was = before ? index.values(before) : NONE;
    const is = after ? index.values(after) : NONE;
    if (was.length === is.length && was.every((value, i) => value === is[i])) return;
    for (const value of was) this.drop(value, entry);
    for (const value of is) this.add(value, entry);
  }

  private add(value: string, entry: E): void {
    const found = this.buckets.get(value);
    if (found === undefined) this.buckets.set(value, entry);
    else if (found instanceof Bucket) found.add(entry);
    else if (found !== entry) this.buckets.set(value, new Bucket([found, entry]));
  }
  private drop(value: string, entry: E): void {
    const found = this.buckets.get(value);
    if (found === entry) this.buckets.delete(value);
    else if (found instanceof Bucket) {
      found.drop(entry);
      if (found.size === 0) this.buckets.delete(value);
    }
  }
}

/** Entries with the same value. They are sorted when somebody asks, and kept sorted from then on. */
class Bucket<E extends Indexed> {
  private readonly entries: Set<E>;
  private order: E[] | undefined;

  constructor(entries: Iterable<E>) {
    this.entries = new Set(entries);
  }

  get size(): number {
    return this.entries.size;
  }
  sorted(): readonly E[] {
    this.order ??= [...this.entries].sort((a, b) => (a.stream < b.stream ? -1 : 1));
    return this.order;
  }
  add(entry: E): void {
    if (this.entries.has(entry)) return;
    this.entries.add(entry);
    this.order?.splice(placeOf(this.order, entry.stream), 0, entry);
  }
  drop(entry: E): void {
    if (!this.entries.delete(entry) || !this.order) return;
    this.order.splice(placeOf(this.order, entry.stream), 1);
  }
}

/** The place of a stream in entries that are sorted by it, or where it belongs. */
function placeOf(order: readonly Indexed[], stream: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle] as Indexed).stream < stream) low = middle + 1;
    else high = middle;
  }
  return low;
}
