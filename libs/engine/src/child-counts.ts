import type { KubeObject } from '#model';

const COUNTS_MAX = 8192;

/** How many objects each owner ever had: what was created with a controller reference to its uid. */
export class ChildCounts {
  private readonly counts = new Map<string, number>();
  /** At so many counts those are dropped that nobody asks for. */
  private most = COUNTS_MAX;

  get size(): number {
    return this.counts.size;
  }
  get isFull(): boolean {
    return this.counts.size >= this.most;
  }
  of(owner: string): number {
    return this.counts.get(owner) ?? 0;
  }
  entries(): IterableIterator<[string, number]> {
    return this.counts.entries();
  }

  /** Counts an object that replaces `before`, or nothing, under another uid. */
  countBirth(before: KubeObject | undefined, after: KubeObject | undefined): void {
    if (!after) return;
    const owner = newOwner(before, after);
    if (owner !== undefined) this.counts.set(owner, this.of(owner) + 1);
  }
  restore(counts: Iterable<readonly [string, number]>): void {
    this.counts.clear();
    for (const [owner, count] of counts) this.counts.set(owner, count);
  }
  forget(owner: string): void {
    this.counts.delete(owner);
  }
  /** Drops the counts of owners that are gone: replaced by another object of the name, or never there at all. */
  keepOnly(needed: ReadonlySet<string>): void {
    for (const owner of this.counts.keys()) if (!needed.has(owner)) this.counts.delete(owner);
    this.most = Math.max(COUNTS_MAX, 2 * this.counts.size);
  }
}

/** Uid of the controller that an object has from its creation on; undefined unless `after` is another object than `before`. */
export function newOwner(before: KubeObject | undefined, after: KubeObject): string | undefined {
  if (before?.metadata.uid === after.metadata.uid) return undefined;
  return after.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
}
