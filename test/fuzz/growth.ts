import { describe, expect, it } from '@jest/globals';

/** A client's input of about `size` bytes, made anew for every measurement. */
export type MakeInput<T> = (size: number) => T;

export interface GrowthRange {
  /** Bytes of the smallest and of the largest input; each is four times the one before. */
  readonly from?: number;
  readonly to?: number;
}

const FACTOR = 4;
/** Time may grow twice as fast as the input: sorting, garbage collection and caches are no quadratic loops. */
const MARGIN = 2;
/** Below this cost a ratio says nothing about the code, only about the machine. */
const MEASURABLE_US = 4000;
/** One measurement may take no longer: a quadratic loop is found on a small input, before it takes minutes. */
const ENOUGH_US = 150_000;
const TRIES = 6;
const RUNS = 2;

/**
 * Expects the processor time of `run` to grow no faster than its input, within a margin of two. Compared are inputs of
 * which each is four times as large as the one before: a quadratic loop takes sixteen times as long. What is counted is
 * processor time of this process and the least of several runs, so that a loaded machine makes no difference.
 */
export function expectLinear<T>(make: MakeInput<T>, run: (input: T) => unknown, range: GrowthRange = {}): void {
  const { from = 4096, to = 256 * 1024 } = range;
  let before: number | undefined;
  for (let size = from; size <= to; size *= FACTOR) {
    const cost = leastCost(make(size), run);
    if (before !== undefined && cost > MEASURABLE_US && cost > before * FACTOR * MARGIN) {
      const ratio = ratioOf(make, run, size);
      if (ratio > FACTOR * MARGIN) {
        expect(`${size} bytes take ${ratio.toFixed(1)} times as long as ${size / FACTOR}`).toBe(
          `at most ${FACTOR * MARGIN} times`,
        );
      }
    }
    if (cost > ENOUGH_US) return;
    before = cost;
  }
}

/** Measures both sizes again and again: the smallest ratio counts, since other work can only disturb. */
function ratioOf<T>(make: MakeInput<T>, run: (input: T) => unknown, size: number): number {
  let least = Infinity;
  for (let i = 0; i < TRIES && least > FACTOR * MARGIN; i++) {
    const small = leastCost(make(size / FACTOR), run);
    least = Math.min(least, leastCost(make(size), run) / Math.max(small, 1));
  }
  return least;
}

/** Microseconds of processor time of one run: the least of two, each repeated until it can be measured. */
function leastCost<T>(input: T, run: (input: T) => unknown): number {
  let least = Infinity;
  for (let i = 0; i < RUNS; i++) {
    let runs = 0;
    const start = process.cpuUsage();
    let spent = 0;
    do {
      run(input);
      runs++;
      const { user, system } = process.cpuUsage(start);
      spent = user + system;
    } while (spent < MEASURABLE_US);
    least = Math.min(least, spent / runs);
    if (spent > ENOUGH_US) break;
  }
  return least;
}

/** Name, input of a size, what reads it. */
export type Case = readonly [
  name: string,
  make: (size: number) => unknown,
  run: (input: never) => unknown,
  range?: GrowthRange,
];

export function grows(what: string, cases: readonly Case[]): void {
  describe(`the time to read ${what} grows with its size`, () => {
    for (const [name, make, run, range] of cases) {
      it(name, () => expectLinear(make, run as (input: unknown) => unknown, range));
    }
  });
}

/** Values of which each is about `each` bytes of JSON. */
export function list<T>(size: number, each: number, item: (i: number) => T): T[] {
  return Array.from({ length: Math.max(1, Math.floor(size / each)) }, (_, i) => item(i));
}
