import { isJsonObject, type Json } from '#std';
import { deepSizeOf } from './deep-size.js';
import { CelList, CelMap, Optional, type Value } from './values.js';

/** A value of JSON without a schema: whole numbers are ints. Parts are made when they are looked at. */
export function fromJson(json: Json | undefined): Value {
  if (json === undefined || json === null) return null;
  if (typeof json === 'number') return isInteger(json) ? BigInt(json) : json;
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (isJsonObject(json)) {
    return new CelMap(entriesOf(json).map(([key, value]) => [key, () => fromJson(value)]));
  }
  const items = json as readonly Json[];
  return new CelList(() => items.map(fromJson), items.length);
}
export function entriesOf(object: Readonly<Record<string, Json | undefined>>): readonly (readonly [string, Json])[] {
  return Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
}
export function isInteger(number: number): boolean {
  return Number.isInteger(number) && number >= -(2 ** 63) && number < 2 ** 63;
}

/** Parts of a value that is turned into JSON. Values may share parts, so that a small one stands for more than fits anywhere. */
const PARTS_MAX = 1_000_000;

/** A value as JSON; undefined for one that has no such form, or is too large. */
export function toJson(value: Value): Json | undefined {
  return deepSizeOf(value) > PARTS_MAX ? undefined : jsonOf(value);
}
function jsonOf(value: Value): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (value instanceof CelList) return value.items.map((item) => jsonOf(item) ?? null);
  if (value instanceof Optional) return value.value === undefined ? undefined : jsonOf(value.value);
  if (!(value instanceof CelMap)) return undefined;
  return Object.fromEntries(value.keys.map((key) => [String(key), jsonOf(value.get(key) ?? null) ?? null]));
}
