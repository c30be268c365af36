/** A JSON value that nobody changes in place. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object; an absent field and `undefined` are the same. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What a JSON object holds under a key that somebody chose (a label, a key of a ConfigMap). Every JavaScript object answers
 * to `constructor` and `__proto__` as well: those count only where they were written.
 */
export function valueOf<T>(object: { readonly [key: string]: T }, key: string): T | undefined {
  const value = object[key];
  if (typeof value === 'function') return undefined;
  return key === '__proto__' && !Object.hasOwn(object, key) ? undefined : value;
}

/** Sets such a key: `__proto__` is a key like all others, which plain assignment would not store. */
export function putValue<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** Deep equality of JSON values; absent and `undefined` fields are equal, key order does not matter. */
export function jsonEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => jsonEquals(item, b[i]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key in left) if (!jsonEquals(left[key], isAbsent(right, key) ? undefined : right[key])) return false;
  for (const key in right) if (right[key] !== undefined && isAbsent(left, key)) return false;
  return true;
}
/** Inherited members are no JSON: functions all, but for the one name that is none. */
function isAbsent(fields: Readonly<Record<string, unknown>>, key: string): boolean {
  const value = fields[key];
  return value === undefined || typeof value === 'function' || (key === '__proto__' && !Object.hasOwn(fields, key));
}

/** What reads, compares and writes objects calls itself for every level: deeper ones would exhaust the stack somewhere. */
export const JSON_DEPTH_MAX = 400;

export function isTooDeep(value: unknown, left = JSON_DEPTH_MAX): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  return Object.values(value).some((item) => isTooDeep(item, left - 1));
}
