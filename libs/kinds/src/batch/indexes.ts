import { parsed, unparsed, type Parsed } from '#meta';
import { goQuote } from '#std';

/** Indexes from the first to the last, both included. */
export interface IndexInterval {
  readonly first: number;
  readonly last: number;
}

const INT64_MAX = 2n ** 63n - 1n;

/** Reads indexes as a job writes them, `1,3-5`: ascending, without overlap, each below `completions`. */
export function parseIndexes(text: string, completions: number): Parsed<readonly IndexInterval[]> {
  const intervals: IndexInterval[] = [];
  if (text === '') return parsed(intervals);
  let previous = -1;
  for (const fragment of text.split(',')) {
    const interval = parseInterval(fragment, completions);
    if (!interval.ok) return interval;
    if (previous >= interval.value.first) return unparsed(notIncreasing(previous, interval.value.first));
    intervals.push(interval.value);
    previous = interval.value.last;
  }
  return parsed(intervals);
}

/** How many indexes the intervals have. */
export function countIndexes(intervals: readonly IndexInterval[]): number {
  return intervals.reduce((total, { first, last }) => total + last - first + 1, 0);
}

/** The smallest index that is in both texts. Fragments that cannot be read are passed over. */
export function overlap(a: string, b: string, completions: number): number | undefined {
  const [left, right] = [readable(a, completions), readable(b, completions)];
  let [i, j] = [0, 0];
  for (;;) {
    const [x, y] = [left[i], right[j]];
    if (x === undefined || y === undefined) return undefined;
    if (x.first <= y.last && y.first <= x.last) return Math.max(x.first, y.first);
    if (x.first <= y.first) i++;
    else j++;
  }
}
function readable(text: string, completions: number): readonly IndexInterval[] {
  if (text === '') return [];
  return text.split(',').flatMap((fragment) => {
    const interval = parseInterval(fragment, completions);
    return interval.ok ? [interval.value] : [];
  });
}

function parseInterval(fragment: string, completions: number): Parsed<IndexInterval> {
  const limits = fragment.split('-');
  if (limits.length > 2) {
    return unparsed(
      `the fragment ${goQuote(fragment)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  }
  const first = parseIndex(limits[0] ?? '', completions);
  if (!first.ok || limits[1] === undefined) {
    return first.ok ? parsed({ first: first.value, last: first.value }) : first;
  }
  const last = parseIndex(limits[1], completions);
  if (!last.ok) return last;
  if (first.value >= last.value) return unparsed(notIncreasing(first.value, last.value));
  return parsed({ first: first.value, last: last.value });
}

function parseIndex(text: string, completions: number): Parsed<number> {
  const [, digits] = /^[+]?0*([0-9]{1,19})$/.exec(text) ?? [];
  if (digits === undefined || BigInt(digits) > INT64_MAX) {
    return unparsed(`cannot convert string to integer for index: ${goQuote(text)}`);
  }
  const index = Number(digits);
  return index >= completions ? unparsed(`too large index: ${goQuote(text)}`) : parsed(index);
}
function notIncreasing(previous: number, current: number): string {
  return `non-increasing order, previous: ${previous}, current: ${current}`;
}
