import { compare, compareNumbers, Index, isEqual, sign } from '../values/compare.js';
import { deepSizeOf } from '../values/deep-size.js';
import {
  CelError,
  CelList,
  Duration,
  NO_OVERLOAD,
  Optional,
  Timestamp,
  Uint,
  type Result,
  type Value,
} from '../values/values.js';
import { duration, int, uint } from './arithmetic.js';
import { overload, traversal, type Costs, type Overload } from './overload.js';

const ORDERED = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const SUMMABLE = ['int', 'uint', 'double', 'duration'];
const READS_LIST: Costs = { cost: ([list = 0]) => list };
const COPIES_LIST: Costs = { ...READS_LIST, size: ([list = 0]) => list };
const SEARCHES: Costs = {
  cost: ([list = 0], args) => list * Math.max(1, traversal(args ? deepSizeOf(args[1] as Value) : 1)),
};
/** What nests is read to its depth. */
const READS_DEEP: Costs = { cost: ([list = 0], args) => (args ? deepSizeOf(args[0] as Value) : list) };
/** Each of one list with each of the other: what the estimate assumes. */
const allPairs: Overload['cost'] = ([a = 0, b = a], args) => {
  if (!args) return a * b;
  const [first = 1, second = first] = args.map(deepSizeOf);
  return a * b + traversal(Math.min(a * second, b * first));
};
const COMPARES_ALL: Costs = { cost: allPairs };
const COMPARES_TWICE: Costs = { cost: (sizes, args) => 2 * allPairs(sizes, args) };
/** Elements that `lists.range` makes at most. */
const RANGE_MAX = 1_000_000n;

/** Applies to the elements of a list. */
const on =
  (make: (list: CelList, ...more: readonly Value[]) => Result): Overload['apply'] =>
  ([list, ...more]) =>
    list instanceof CelList ? make(list, ...more) : NO_OVERLOAD;

export const lists: readonly Overload[] = [
  ...ORDERED.flatMap((type) => [
    overload(`isSorted: list(${type}).() bool`, on(isSorted), READS_LIST),
    overload(
      `min: list(${type}).() ${type}`,
      on((list) => extreme(list, 'min')),
      READS_LIST,
    ),
    overload(
      `max: list(${type}).() ${type}`,
      on((list) => extreme(list, 'max')),
      READS_LIST,
    ),
    overload(
      `sort: list(${type}).() list(${type})`,
      on((list) => sorted(list, list)),
      COPIES_LIST,
    ),
    overload(
      `@sortByAssociatedKeys: (list(A), list(${type})) list(A)`,
      on((list, keys) => sorted(list, keys)),
      COPIES_LIST,
    ),
  ]),
  ...SUMMABLE.map((type) =>
    overload(
      `sum: list(${type}).() ${type}`,
      on((list) => sum(list, type)),
      READS_LIST,
    ),
  ),
  overload(
    'indexOf: list(A).(A) int',
    on((list, item) => position(list.items, item as Value)),
    SEARCHES,
  ),
  overload(
    'lastIndexOf: list(A).(A) int',
    on((list, item) => lastPosition(list.items, item as Value)),
    SEARCHES,
  ),
  overload('distinct: list(A).() list(A)', on(distinct), { ...COMPARES_ALL, size: ([list = 0]) => list }),
  overload(
    'reverse: list(A).() list(A)',
    on(({ items }) => CelList.of(items.toReversed())),
    COPIES_LIST,
  ),
  overload(
    'flatten: list(list(A)).() list(A)',
    on((list) => flattened(list, 1n)),
    READS_DEEP,
  ),
  overload(
    'flatten: list(dyn).(int) list(dyn)',
    on((list, depth) => flattened(list, depth as Value)),
    READS_DEEP,
  ),
  overload('slice: list(A).(int, int) list(A)', on(sliced), COPIES_LIST),
  overload('lists.range: (int) list(int)', ([count]) => range(count), { cost: rangeCost }),
  overload('sets.contains: (list(A), list(A)) bool', ([a, b]) => isWithin(b, a), COMPARES_ALL),
  overload(
    'sets.equivalent: (list(A), list(A)) bool',
    ([a, b]) => isWithin(a, b) === true && isWithin(b, a),
    COMPARES_TWICE,
  ),
  overload('sets.intersects: (list(A), list(A)) bool', ([a, b]) => intersects(a, b), COMPARES_ALL),
  overload('@optionalValues: (optional(A)) list(A)', ([value]) => optionalValues(value), { size: () => 1 }),
  overload('cel.@mapInsert: (map(A, B), A, B) map(A, B)', () => NO_OVERLOAD),
  overload('cel.@mapInsert: (map(A, B), map(A, B)) map(A, B)', () => NO_OVERLOAD),
  overload('optional.none: () optional(A)', () => new Optional(undefined)),
  overload('optional.of: (A) optional(A)', ([value]) => new Optional(value), { size: ([first = 0]) => first }),
  overload(
    'optional.ofNonZeroValue: (A) optional(A)',
    ([value]) => new Optional(isZero(value as Value) ? undefined : value),
  ),
  overload('value: optional(A).() A', ([value]) => valueOf(value)),
  overload('hasValue: optional(A).() bool', ([value]) => value instanceof Optional && value.value !== undefined),
  overload('or: optional(A).(optional(A)) optional(A)', () => NO_OVERLOAD),
  overload('orValue: optional(A).(A) A', () => NO_OVERLOAD, { size: ([a = 0, b = 0]) => Math.max(a, b) }),
  overload('unwrap: list(optional(A)).() list(A)', on(unwrapped), COPIES_LIST),
  overload('unwrapOpt: list(optional(A)).() list(A)', on(unwrapped), COPIES_LIST),
  overload('optional.unwrap: (list(optional(A))) list(A)', on(unwrapped), COPIES_LIST),
];

function isSorted({ items }: CelList): Result {
  for (let i = 1; i < items.length; i++) {
    const order = compare(items[i - 1] as Value, items[i] as Value);
    if (order === undefined) return NO_OVERLOAD;
    if (order > 0) return false;
  }
  return true;
}
function extreme({ items }: CelList, which: 'min' | 'max'): Result {
  const [first, ...rest] = items;
  if (first === undefined) return new CelError(`${which} called on empty list`);
  let found: Value = first;
  for (const item of rest) {
    const order = compare(item, found);
    if (order === undefined) return NO_OVERLOAD;
    if (which === 'min' ? order < 0 : order > 0) found = item;
  }
  return found;
}
function sum({ items }: CelList, type: string): Result {
  if (type === 'double') return items.reduce<number>((total, item) => total + Number(item), 0);
  let total = 0n;
  for (const item of items) {
    if (typeof item === 'bigint') total += item;
    else if (item instanceof Uint) total += item.value;
    else if (item instanceof Duration) total += item.nanos;
    else return NO_OVERLOAD;
  }
  const [first] = items;
  if (first instanceof Uint || (first === undefined && type === 'uint')) return uint(total);
  return first instanceof Duration || (first === undefined && type === 'duration') ? duration(total) : int(total);
}

/** The elements in the order of their keys; equal keys keep their order. */
function sorted(list: CelList, keys: Value | undefined): Result {
  if (!(keys instanceof CelList) || keys.size !== list.size) return NO_OVERLOAD;
  const places = keys.items.map((key, i) => ({ key, item: list.items[i] as Value }));
  const first = places[0]?.key;
  if (first !== undefined && places.some(({ key }) => compare(first, key) === undefined)) return NO_OVERLOAD;
  places.sort((a, b) => compare(a.key, b.key) || 0);
  return CelList.of(places.map(({ item }) => item));
}
function position(items: readonly Value[], item: Value): bigint {
  return BigInt(items.findIndex((other) => isEqual(other, item)));
}
function lastPosition(items: readonly Value[], item: Value): bigint {
  return BigInt(items.findLastIndex((other) => isEqual(other, item)));
}
function distinct({ items }: CelList): Result {
  const seen = new Index([]);
  return CelList.of(items.filter((item) => !seen.has(item) && seen.add(item)));
}
function flattened(list: CelList, depth: Value): Result {
  if (typeof depth !== 'bigint') return NO_OVERLOAD;
  if (depth < 0n) return new CelError('level must be non-negative');
  let items = list.items;
  for (let level = 0n; level < depth && items.some((item) => item instanceof CelList); level++)
    items = items.flatMap((item) => (item instanceof CelList ? item.items : [item]));
  return CelList.of(items);
}
function sliced({ items }: CelList, from: Value | undefined, to: Value | undefined): Result {
  const [start, end] = [Number(from), Number(to)];
  if (start < 0 || end < 0) return new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end)
    return new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (end > items.length) return new CelError(`cannot slice(${start}, ${end}), list is length ${items.length}`);
  return CelList.of(items.slice(start, end));
}
function rangeCost(_sizes: readonly number[], args?: readonly Value[]): number {
  const count = args?.[0];
  return typeof count === 'bigint' && count > 0n ? Math.min(Number(count), Number(RANGE_MAX)) : 1;
}
function range(count: Value | undefined): Result {
  if (typeof count !== 'bigint') return NO_OVERLOAD;
  if (count > RANGE_MAX) return new CelError('the result is too large');
  return CelList.of(Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i)));
}
function isWithin(part: Value | undefined, whole: Value | undefined): Result {
  if (!(part instanceof CelList) || !(whole instanceof CelList)) return NO_OVERLOAD;
  const index = new Index(whole.items);
  return part.items.every((item) => index.has(item));
}
function intersects(a: Value | undefined, b: Value | undefined): Result {
  if (!(a instanceof CelList) || !(b instanceof CelList)) return NO_OVERLOAD;
  const index = new Index(b.items);
  return a.items.some((item) => index.has(item));
}
function optionalValues(value: Value | undefined): Result {
  if (!(value instanceof Optional)) return NO_OVERLOAD;
  return CelList.of(value.value === undefined ? [] : [value.value]);
}
function valueOf(value: Value | undefined): Result {
  if (!(value instanceof Optional)) return NO_OVERLOAD;
  return value.value === undefined ? new CelError('optional.none() dereference') : value.value;
}
function unwrapped({ items }: CelList): Result {
  return CelList.of(
    items.flatMap((item) => (item instanceof Optional && item.value !== undefined ? [item.value] : [])),
  );
}
function isZero(value: Value): boolean {
  if (value === null || value === false || value === '') return true;
  if (compareNumbers(value, 0n) === 0) return true;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Duration) return sign(value.nanos) === 0;
  if (value instanceof Timestamp || value instanceof Optional) return false;
  return typeof value === 'object' && 'size' in value && value.size === 0;
}
