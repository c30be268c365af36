const SECONDS = 120;
const STEP_S = 15;
const STEPS = (15 * 60) / STEP_S;
/** Figures of {@link UsageHistory}, and what the objects around them take. */
export const HISTORY_BYTES = (SECONDS + STEPS) * 2 * Float32Array.BYTES_PER_ELEMENT + 400;

/** Where nothing was measured. */
export const NOT_MEASURED = -1;

/** Averages of the last two minutes by the second, and of fifteen minutes by fifteen seconds, in memory of a fixed size. */
export class UsageHistory {
  private readonly fine = new Float32Array(SECONDS * 2).fill(NOT_MEASURED);
  private readonly coarse = new Float32Array(STEPS * 2).fill(NOT_MEASURED);
  /** The newest second, counted from the beginning of the clock. */
  private last = -1;

  /** The newest second that was measured. */
  get newest(): number {
    return this.last;
  }

  /** An interval of the monotonic clock and what was used in it. It counts for each second that ends in it. */
  put(from: number, to: number, { cpu, memory }: { readonly cpu: number; readonly memory: number }): void {
    const end = Math.floor(to / 1000);
    if (end <= this.last) return;
    const begin = Math.max(Math.floor(from / 1000), this.last, end - SECONDS);
    // What lies between was not measured.
    for (let second = Math.max(this.last, end - SECONDS) + 1; second <= end; second++)
      this.set(second, second > begin ? { cpu, memory } : undefined);
    this.last = end;
  }

  private set(second: number, usage: { readonly cpu: number; readonly memory: number } | undefined): void {
    const slot = (second % SECONDS) * 2;
    this.fine[slot] = usage?.cpu ?? NOT_MEASURED;
    this.fine[slot + 1] = usage?.memory ?? NOT_MEASURED;
    if (second % STEP_S === STEP_S - 1) this.sumUp(Math.floor(second / STEP_S));
  }
  /** The average of a step that is over. Steps that were passed over are empty. */
  private sumUp(step: number): void {
    const previous = Math.floor(this.last / STEP_S);
    for (let empty = Math.max(previous + 1, step - STEPS); empty < step; empty++) this.setStep(empty, 0, 0, 0);
    let [count, cpu, memory] = [0, 0, 0];
    for (let second = step * STEP_S; second < (step + 1) * STEP_S; second++) {
      const slot = (second % SECONDS) * 2;
      const used = this.fine[slot] ?? NOT_MEASURED;
      if (used === NOT_MEASURED) continue;
      count++;
      cpu += used;
      memory += this.fine[slot + 1] ?? 0;
    }
    this.setStep(step, count, cpu, memory);
  }
  private setStep(step: number, count: number, cpu: number, memory: number): void {
    const slot = (step % STEPS) * 2;
    this.coarse[slot] = count === 0 ? NOT_MEASURED : cpu / count;
    this.coarse[slot + 1] = count === 0 ? NOT_MEASURED : memory / count;
  }

  /** The figures of whole seconds, `count` of them up to `end`: 0 is cpu, 1 memory. */
  seconds(what: 0 | 1, end: number, count: number): number[] {
    const figures: number[] = [];
    for (let second = end - count + 1; second <= end; second++) {
      const isKept = second > this.last - SECONDS && second <= this.last && second >= 0;
      figures.push(isKept ? (this.fine[(second % SECONDS) * 2 + what] ?? NOT_MEASURED) : NOT_MEASURED);
    }
    return figures;
  }
  /** The figures of steps of fifteen seconds, `count` of them up to the one before that of the second `end`. */
  steps(what: 0 | 1, end: number, count: number): number[] {
    const figures: number[] = [];
    const newest = Math.floor((this.last + 1) / STEP_S) - 1;
    const over = Math.floor((end + 1) / STEP_S) - 1;
    for (let step = over - count + 1; step <= over; step++) {
      const isKept = step > newest - STEPS && step <= newest && step >= 0;
      figures.push(isKept ? (this.coarse[(step % STEPS) * 2 + what] ?? NOT_MEASURED) : NOT_MEASURED);
    }
    return figures;
  }
}
