import { compare, identityOf, Index, isEqual } from '../values/compare.js';
import { deepSizeOf } from '../values/deep-size.js';
import {
  CelError,
  CelList,
  CelMap,
  Duration,
  NO_OVERLOAD,
  Timestamp,
  Uint,
  type Result,
  type Value,
} from '../values/values.js';
import { overload, traversal, type Costs, type Overload, type Sizes } from './overload.js';

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;
const INT_OVERFLOW = new CelError('integer overflow');
const UINT_OVERFLOW = new CelError('unsigned integer overflow');
const DURATION_OVERFLOW = new CelError('duration overflow');
const TIMESTAMP_OVERFLOW = new CelError('timestamp overflow');
/** 0001-01-01 and the end of 9999. */
const TIMESTAMP_MIN = -62_135_596_800n * 1_000_000_000n;
const TIMESTAMP_MAX = 253_402_300_799_999_999_999n;

export function int(value: bigint): Result {
  return value < INT_MIN || value > INT_MAX ? INT_OVERFLOW : value;
}
export function uint(value: bigint): Result {
  return value < 0n || value > UINT_MAX ? UINT_OVERFLOW : new Uint(value);
}
export function duration(nanos: bigint): Result {
  return nanos < INT_MIN || nanos > INT_MAX ? DURATION_OVERFLOW : new Duration(nanos);
}
export function timestamp(nanos: bigint): Result {
  return nanos < TIMESTAMP_MIN || nanos > TIMESTAMP_MAX ? TIMESTAMP_OVERFLOW : new Timestamp(nanos);
}

const shorter = ([a = 0, b = 0]: Sizes): number => traversal(Math.min(a, b));
const sum = ([a = 0, b = 0]: Sizes): number => a + b;
/** Texts are compared up to the end of the shorter one. */
const COMPARES: Costs = { cost: (sizes, args) => Math.max(1, shorter(args ? args.map(deepSizeOf) : sizes)) };
const CONCATENATES: Costs = { cost: (sizes) => traversal(sum(sizes)), size: sum };

/** Applies to the amounts of two values of one number type. */
const ofInts =
  (make: (a: bigint, b: bigint) => Result): Overload['apply'] =>
  ([a, b]) =>
    typeof a === 'bigint' && typeof b === 'bigint' ? make(a, b) : NO_OVERLOAD;
const ofUints =
  (make: (a: bigint, b: bigint) => Result): Overload['apply'] =>
  ([a, b]) =>
    a instanceof Uint && b instanceof Uint ? make(a.value, b.value) : NO_OVERLOAD;
const ofDoubles =
  (make: (a: number, b: number) => Result): Overload['apply'] =>
  ([a, b]) =>
    typeof a === 'number' && typeof b === 'number' ? make(a, b) : NO_OVERLOAD;
const nanosOf = (value: Value | undefined): bigint =>
  value instanceof Timestamp || value instanceof Duration ? value.nanos : 0n;
const ofNanos =
  (make: (a: bigint, b: bigint) => Result): Overload['apply'] =>
  ([a, b]) =>
    make(nanosOf(a), nanosOf(b));

const DIVISION = new CelError('division by zero');
const MODULUS = new CelError('modulus by zero');

export const arithmetic: readonly Overload[] = [
  overload(
    '_+_: (int, int) int',
    ofInts((a, b) => int(a + b)),
  ),
  overload(
    '_+_: (uint, uint) uint',
    ofUints((a, b) => uint(a + b)),
  ),
  overload(
    '_+_: (double, double) double',
    ofDoubles((a, b) => a + b),
  ),
  overload('_+_: (string, string) string', ([a, b]) => String(a) + String(b), CONCATENATES),
  overload('_+_: (bytes, bytes) bytes', ([a, b]) => concatBytes(a, b), CONCATENATES),
  overload('_+_: (list(A), list(A)) list(A)', ([a, b]) => concatLists(a, b), { size: sum }),
  overload(
    '_+_: (timestamp, duration) timestamp',
    ofNanos((a, b) => timestamp(a + b)),
  ),
  overload(
    '_+_: (duration, timestamp) timestamp',
    ofNanos((a, b) => timestamp(a + b)),
  ),
  overload(
    '_+_: (duration, duration) duration',
    ofNanos((a, b) => duration(a + b)),
  ),
  overload(
    '_-_: (int, int) int',
    ofInts((a, b) => int(a - b)),
  ),
  overload(
    '_-_: (uint, uint) uint',
    ofUints((a, b) => uint(a - b)),
  ),
  overload(
    '_-_: (double, double) double',
    ofDoubles((a, b) => a - b),
  ),
  overload(
    '_-_: (timestamp, timestamp) duration',
    ofNanos((a, b) => duration(a - b)),
  ),
  overload(
    '_-_: (timestamp, duration) timestamp',
    ofNanos((a, b) => timestamp(a - b)),
  ),
  overload(
    '_-_: (duration, duration) duration',
    ofNanos((a, b) => duration(a - b)),
  ),
  overload(
    '_*_: (int, int) int',
    ofInts((a, b) => int(a * b)),
  ),
  overload(
    '_*_: (uint, uint) uint',
    ofUints((a, b) => uint(a * b)),
  ),
  overload(
    '_*_: (double, double) double',
    ofDoubles((a, b) => a * b),
  ),
  overload(
    '_/_: (int, int) int',
    ofInts((a, b) => (b === 0n ? DIVISION : int(a / b))),
  ),
  overload(
    '_/_: (uint, uint) uint',
    ofUints((a, b) => (b === 0n ? DIVISION : uint(a / b))),
  ),
  overload(
    '_/_: (double, double) double',
    ofDoubles((a, b) => a / b),
  ),
  overload(
    '_%_: (int, int) int',
    ofInts((a, b) => (b === 0n ? MODULUS : int(a % b))),
  ),
  overload(
    '_%_: (uint, uint) uint',
    ofUints((a, b) => (b === 0n ? MODULUS : uint(a % b))),
  ),
  overload('-_: (int) int', ([a]) => (typeof a === 'bigint' ? int(-a) : NO_OVERLOAD)),
  overload('-_: (double) double', ([a]) => -Number(a)),
  overload('!_: (bool) bool', ([a]) => a !== true),
  overload('_==_: (A, A) bool', ([a, b]) => isEqual(a as Value, b as Value), COMPARES),
  overload('_!=_: (A, A) bool', ([a, b]) => !isEqual(a as Value, b as Value), COMPARES),
  ...orderings('_<_', (order) => order < 0),
  ...orderings('_<=_', (order) => order <= 0),
  ...orderings('_>_', (order) => order > 0),
  ...orderings('_>=_', (order) => order >= 0),
  overload('@in: (A, list(A)) bool', ([a, b]) => isIn(a as Value, b as Value), {
    cost: ([, list = 0], args) => list * Math.max(1, traversal(args ? deepSizeOf(args[0] as Value) : 1)),
  }),
  overload('@in: (A, map(A, B)) bool', ([a, b]) => b instanceof CelMap && b.has(a as Value)),
  overload('_[_]: (list(A), int) A', () => NO_OVERLOAD),
  overload('_[_]: (map(A, B), A) B', () => NO_OVERLOAD),
  overload('_[_]: (optional(list(A)), int) optional(A)', () => NO_OVERLOAD),
  overload('_[_]: (optional(map(A, B)), A) optional(B)', () => NO_OVERLOAD),
  overload('_[?_]: (list(A), int) optional(A)', () => NO_OVERLOAD),
  overload('_[?_]: (map(A, B), A) optional(B)', () => NO_OVERLOAD),
  overload('_[?_]: (optional(list(A)), int) optional(A)', () => NO_OVERLOAD),
  overload('_[?_]: (optional(map(A, B)), A) optional(B)', () => NO_OVERLOAD),
  overload('_&&_: (bool, bool) bool', () => NO_OVERLOAD),
  overload('_||_: (bool, bool) bool', () => NO_OVERLOAD),
  overload('_?_:_: (bool, A, A) A', () => NO_OVERLOAD),
  overload('@not_strictly_false: (bool) bool', () => NO_OVERLOAD),
];

/** Within a type, and of numbers between types. */
function orderings(name: string, holds: (order: number) => boolean): readonly Overload[] {
  const apply: Overload['apply'] = ([a, b]) => {
    const order = compare(a as Value, b as Value);
    return order === undefined ? NO_OVERLOAD : holds(order);
  };
  const plain = ['bool', 'timestamp', 'duration'].map((type) => overload(`${name}: (${type}, ${type}) bool`, apply));
  const texts = ['string', 'bytes'].map((type) => overload(`${name}: (${type}, ${type}) bool`, apply, COMPARES));
  const numbers = ['int', 'uint', 'double'];
  const mixed = numbers.flatMap((a) => numbers.map((b) => overload(`${name}: (${a}, ${b}) bool`, apply)));
  return [...mixed, ...texts, ...plain];
}

function isIn(value: Value, list: Value): Result {
  return list instanceof CelList && list.items.some((item) => isEqual(item, value));
}
function concatLists(a: Value | undefined, b: Value | undefined): Result {
  if (!(a instanceof CelList) || !(b instanceof CelList)) return NO_OVERLOAD;
  if (a.order === 'set' || a.keys.length > 0) return unionOf(a, b);
  return new CelList(() => [...a.items, ...b.items], a.size + b.size);
}
function concatBytes(a: Value | undefined, b: Value | undefined): Result {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return NO_OVERLOAD;
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
/** Sets keep each value once; in lists of type map an element of the second replaces the one of its key. */
function unionOf(a: CelList, b: CelList): Result {
  const items = a.keys.length > 0 ? mergedByKey(a, b) : [...a.items, ...missing(a, b)];
  return new CelList(() => items, items.length, a.order, a.keys);
}
function missing(a: CelList, b: CelList): readonly Value[] {
  const known = new Index(a.items);
  return b.items.filter((item) => !known.has(item));
}
function mergedByKey({ items, keys }: CelList, b: CelList): readonly Value[] {
  const merged = new Map(items.map((item) => [identityOf(item, keys), item]));
  for (const item of b.items) merged.set(identityOf(item, keys), item);
  return [...merged.values()];
}
