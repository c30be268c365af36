import { isJsonObject, jsonEquals, type Json } from '#std';
import type { Path } from './event.js';

/** One field that an event gave another value. */
export interface FieldChange {
  /**
   * `spec.containers[nginx].image`: items of lists by `name` or `type`, else by number; keys with other than letters, digits, `-` and
   * `_` in brackets and quotes.
   */
  readonly field: string;
  /** Undefined: there was none. */
  readonly before?: Json;
  /** Undefined: there is none any more. */
  readonly after?: Json;
  /** The values are secret and not shown. */
  readonly isSealed?: true;
}

/** The fields in which two values differ: single values, or whole ones where only one side has something. */
export function fieldChanges(before: Json | undefined, after: Json | undefined, field = ''): readonly FieldChange[] {
  if (jsonEquals(before, after)) return [];
  if (isJsonObject(before) && isJsonObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => fieldChanges(own(before, key), own(after, key), below(field, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return itemChanges(before, after, field);
  return [{ field, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

/** Items that have a name are compared with those of the same name, others with those in the same place. */
function itemChanges(before: readonly Json[], after: readonly Json[], field: string): readonly FieldChange[] {
  const [was, is] = [named(before), named(after)];
  if (was && is) {
    const names = new Set([...was.keys(), ...is.keys()]);
    return [...names].flatMap((name) => fieldChanges(was.get(name), is.get(name), `${field}[${name}]`));
  }
  const length = Math.max(before.length, after.length);
  return Array.from({ length }, (_, i) => i).flatMap((i) => fieldChanges(before[i], after[i], `${field}[${i}]`));
}

/** Fields by which people tell the items of a list. */
const NAMES = ['name', 'type'];

/** Items by their names; undefined when they have none, or two have the same. */
function named(items: readonly Json[]): ReadonlyMap<string, Json> | undefined {
  for (const key of NAMES) {
    const entries = items.flatMap((item) => {
      const name = isJsonObject(item) ? own(item, key) : undefined;
      return typeof name === 'string' && /^[A-Za-z][A-Za-z0-9._/-]*$/.test(name) ? [[name, item] as const] : [];
    });
    const map = new Map(entries);
    if (map.size === items.length) return map;
  }
  return undefined;
}

/** A path as people write it. */
export function fieldName(path: Path): string {
  return path.reduce<string>((field, key) => below(field, key), '');
}
function below(field: string, key: string | number): string {
  if (typeof key === 'number') return `${field}[${key}]`;
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${field}[${JSON.stringify(key)}]`;
  return field === '' ? key : `${field}.${key}`;
}

/** What an object has at a field, as {@link fieldChanges} names fields; undefined when there is nothing. */
export function valueAt(object: Json | undefined, field: string): Json | undefined {
  let value = object;
  for (const [, plain, quoted, item] of field.matchAll(/\.?([A-Za-z0-9_-]+)|\[("(?:[^"\\]|\\.)*")\]|\[([^\]"]*)\]/gu)) {
    const key = plain ?? item ?? unquoted(quoted ?? '');
    if (Array.isArray(value)) value = named(value)?.get(key) ?? value[Number(key)];
    else value = isJsonObject(value) ? own(value, key) : undefined;
  }
  return value;
}
function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Whether a field is another one, or a part of it. */
export function isPartOf(field: string, whole: string): boolean {
  if (!field.startsWith(whole)) return false;
  return field.length === whole.length || field[whole.length] === '.' || field[whole.length] === '[';
}

function own(object: { readonly [key: string]: Json | undefined }, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
