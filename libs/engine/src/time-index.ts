import type { Instant } from '#std';

/** Which position was the last at a moment. Times are clamped so that they never go back. */
export class TimeIndex {
  private positions = new Float64Array(1024);
  private instants = new Float64Array(1024);
  private count = 0;

  get length(): number {
    return this.count;
  }
  /** Position and time of the first event that is known, or undefined before there was one. */
  get first(): { readonly position: number; readonly time: Instant } | undefined {
    return this.entry(0);
  }
  get last(): { readonly position: number; readonly time: Instant } | undefined {
    return this.entry(this.count - 1);
  }

  add(position: number, instant: Instant): void {
    if (this.count === this.positions.length) {
      this.positions = grown(this.positions);
      this.instants = grown(this.instants);
    }
    const before = this.count === 0 ? 0 : (this.instants[this.count - 1] as number);
    this.positions[this.count] = position;
    this.instants[this.count] = Math.max(before, instant);
    this.count++;
  }

  /** The last position whose time is not after the instant; undefined when everything is later. */
  positionAt(instant: Instant): number | undefined {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.instants[middle] as number) <= instant) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : this.positions[low - 1];
  }

  /** The time of the last event at or before a position. */
  timeOf(position: number): Instant | undefined {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.positions[middle] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : this.instants[low - 1];
  }

  /** Everything as pairs, for a checkpoint. */
  dump(): number[] {
    const out: number[] = [];
    for (let i = 0; i < this.count; i++) out.push(this.positions[i] as number, this.instants[i] as number);
    return out;
  }
  restore(pairs: readonly number[]): void {
    this.count = 0;
    for (let i = 0; i + 1 < pairs.length; i += 2) this.add(pairs[i] as number, pairs[i + 1] as number);
  }

  private entry(index: number): { position: number; time: Instant } | undefined {
    if (index < 0 || index >= this.count) return undefined;
    return { position: this.positions[index] as number, time: this.instants[index] as number };
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
