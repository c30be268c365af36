/** A set of completion indexes as ordered, disjoint intervals that do not touch: `0-2,5` has two. */
export class IndexSet {
  static readonly empty = new IndexSet([]);

  private constructor(private readonly intervals: readonly Interval[]) {}

  /**
   * Reads `status.completedIndexes`, `status.failedIndexes` or the indexes of a success policy. Indexes from `limit` on, and parts
   * that are no index, are left out: somebody else may have written the status.
   */
  static parse(text: string | undefined, limit: number): IndexSet {
    if (!text) return IndexSet.empty;
    const intervals: Interval[] = [];
    for (const part of text.split(',')) {
      const found = INTERVAL.exec(part);
      if (!found) continue;
      const first = Number(found[1]);
      const last = Math.min(Number(found[2] ?? found[1]), limit - 1);
      if (first <= last) intervals.push([first, last]);
    }
    return IndexSet.joined(intervals);
  }

  get size(): number {
    return this.intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }
  has(index: number): boolean {
    let low = 0;
    let high = this.intervals.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const [first, last] = this.intervals[middle] as Interval;
      if (index < first) high = middle - 1;
      else if (index > last) low = middle + 1;
      else return true;
    }
    return false;
  }
  with(indexes: readonly number[]): IndexSet {
    if (indexes.length === 0) return this;
    return IndexSet.joined([...this.intervals, ...indexes.map((index): Interval => [index, index])]);
  }
  union(other: IndexSet): IndexSet {
    return IndexSet.joined([...this.intervals, ...other.intervals]);
  }
  /** The indexes below `end` that it lacks, in order. What it has costs an interval, not each index. */
  *gaps(end: number): Generator<number> {
    let next = 0;
    for (const [first, last] of [...this.intervals, [end, end] as const]) {
      for (; next < Math.min(first, end); next++) yield next;
      next = Math.max(next, last + 1);
    }
  }
  /** How many indexes both have. */
  common(other: IndexSet): number {
    let count = 0;
    let [i, j] = [0, 0];
    while (i < this.intervals.length && j < other.intervals.length) {
      const [a, b] = [this.intervals[i] as Interval, other.intervals[j] as Interval];
      count += Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]) + 1);
      if (a[1] < b[1]) i++;
      else j++;
    }
    return count;
  }

  /** As Kubernetes writes it: `0,1,4-6`. */
  toString(): string {
    return this.intervals
      .map(([first, last]) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
      .join(',');
  }

  private static joined(intervals: Interval[]): IndexSet {
    intervals.sort((a, b) => a[0] - b[0]);
    const joined: Interval[] = [];
    for (const [first, last] of intervals) {
      const before = joined.at(-1);
      if (before && first <= before[1] + 1) joined[joined.length - 1] = [before[0], Math.max(before[1], last)];
      else joined.push([first, last]);
    }
    return new IndexSet(joined);
  }
}

type Interval = readonly [first: number, last: number];
const INTERVAL = /^(\d{1,10})(?:-(\d{1,10}))?$/;
