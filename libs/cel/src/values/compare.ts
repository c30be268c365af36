import { cidrText, compareQuantities, ipText } from '#meta';
import {
  CelList,
  CelMap,
  CidrValue,
  Duration,
  FormatValue,
  IpValue,
  Optional,
  QuantityValue,
  SemverValue,
  Timestamp,
  TypeValue,
  Uint,
  UrlValue,
  type Value,
} from './values.js';
import { compareSemver } from './semver.js';

/** Equality of any two values. Numbers are compared by their amounts, whatever their types; others only within a type. */
export function isEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  const number = compareNumbers(a, b);
  if (number !== undefined) return number === 0;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof CelList) return b instanceof CelList && areListsEqual(a, b);
  if (a instanceof CelMap) return b instanceof CelMap && areMapsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Optional) return b instanceof Optional && areOptionalsEqual(a, b);
  if (a instanceof QuantityValue) return b instanceof QuantityValue && compareQuantities(a.quantity, b.quantity) === 0;
  if (a instanceof UrlValue) return b instanceof UrlValue && a.url.text === b.url.text;
  if (a instanceof IpValue) return b instanceof IpValue && ipText(a.ip) === ipText(b.ip);
  if (a instanceof CidrValue) return b instanceof CidrValue && cidrText(a.cidr) === cidrText(b.cidr);
  if (a instanceof SemverValue) return b instanceof SemverValue && compareSemver(a.semver, b.semver) === 0;
  if (a instanceof FormatValue) return b instanceof FormatValue && a.name === b.name;
  return false;
}

function areOptionalsEqual(a: Optional, b: Optional): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return isEqual(a.value, b.value);
}
function areMapsEqual(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  return a.keys.every((key) => {
    const [one, other] = [a.get(key), b.get(key)];
    return one !== undefined && other !== undefined && isEqual(one, other);
  });
}
function areListsEqual(a: CelList, b: CelList): boolean {
  if (a.size !== b.size) return false;
  // What the schema calls a set or a map has no order.
  if (a.keys.length > 0) return areKeyedListsEqual(a, b);
  if (a.order === 'set') {
    const others = new Index(b.items);
    return a.items.every((item) => others.has(item));
  }
  const others = b.items;
  return a.items.every((item, i) => isEqual(item, others[i] as Value));
}
function areKeyedListsEqual(a: CelList, b: CelList): boolean {
  const byKey = new Map(b.items.map((item) => [identityOf(item, a.keys), item]));
  return a.items.every((item) => {
    const other = byKey.get(identityOf(item, a.keys));
    return other !== undefined && isEqual(item, other);
  });
}
/** The key fields of an element of a list of type map, as one text. */
export function identityOf(item: Value, keys: readonly string[]): string {
  return JSON.stringify(
    keys.map((key) => {
      const value = item instanceof CelMap ? item.get(key) : undefined;
      return hashOf(value ?? null) ?? '';
    }),
  );
}

/** Finds equal values without comparing with each: scalars by their text, all else one by one. */
export class Index {
  private readonly scalars = new Set<string>();
  private readonly others: Value[] = [];
  constructor(values: readonly Value[]) {
    for (const value of values) this.add(value);
  }
  add(value: Value): true {
    const hash = hashOf(value);
    if (hash === undefined) this.others.push(value);
    else this.scalars.add(hash);
    return true;
  }
  has(value: Value): boolean {
    const hash = hashOf(value);
    if (hash !== undefined) return this.scalars.has(hash);
    return this.others.some((other) => isEqual(other, value));
  }
}
function hashOf(value: Value): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `"${value}`;
  if (typeof value === 'bigint') return `#${value}`;
  if (value instanceof Uint) return `#${value.value}`;
  if (typeof value === 'number') return Number.isInteger(value) ? `#${BigInt(value)}` : `.${value}`;
  return undefined;
}

/** -1, 0 or 1 for two numbers of any types; NaN is unequal to all; undefined when one is no number. */
export function compareNumbers(a: Value, b: Value): number | undefined {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return undefined;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  // An integer beside a double is taken for the nearest double, as cel-go does it.
  const [left, right] = typeof x === typeof y ? [x, y] : [Number(x), Number(y)];
  return left < right ? -1 : left > right ? 1 : 0;
}
function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

/** Order of two values of one ordered type; undefined when they have none. */
export function compare(a: Value, b: Value): number | undefined {
  const number = compareNumbers(a, b);
  if (number !== undefined) return number;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  if (a instanceof Timestamp && b instanceof Timestamp) return sign(a.nanos - b.nanos);
  if (a instanceof Duration && b instanceof Duration) return sign(a.nanos - b.nanos);
  return undefined;
}
export function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}
/** By code points, as UTF-8 is ordered. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [isHigh, isOtherHigh] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return isHigh === isOtherHigh ? x - y : isHigh ? 1 : -1;
  }
  return a.length - b.length;
}
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}
