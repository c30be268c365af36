import { putValue, type Json, type JsonObject } from './json.js';

/**
 * The same value with every object's keys in canonical order (code-unit order) and `undefined` fields left out, so that
 * `JSON.stringify` of it is canonical. A part that is canonical already is shared, not copied.
 */
export function canonical<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item = canonical(value[i] as unknown);
      if (item !== value[i] && copy === undefined) copy = value.slice();
      if (copy !== undefined) copy[i] = item;
    }
    return (copy ?? value) as T;
  }
  const source = value as Record<string, unknown>;
  const keys = Object.keys(source);
  let inOrder = true;
  for (let i = 0; i < keys.length; i++) {
    if ((i > 0 && (keys[i - 1] as string) > (keys[i] as string)) || source[keys[i] as string] === undefined) {
      inOrder = false;
      break;
    }
  }
  if (inOrder) {
    let copy: Record<string, unknown> | undefined;
    for (const key of keys) {
      const item = canonical(source[key]);
      if (item !== source[key]) {
        copy ??= { ...source };
        copy[key] = item;
      }
    }
    return (copy ?? source) as T;
  }
  const sorted: Record<string, unknown> = {};
  for (const key of keys.sort()) if (source[key] !== undefined) putValue(sorted, key, canonical(source[key]));
  return sorted as T;
}

/** The canonical text of a JSON value: equal values give equal text. */
export function stableStringify(value: Json | JsonObject): string {
  return JSON.stringify(canonical(value));
}
