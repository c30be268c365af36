import { isJsonObject, type Json, type JsonObject } from '#std';
import { resolved, type Type } from '../schema/index.js';

/**
 * A patched document as the genuine server prints it in an error: parts that the patch did not look into keep the order
 * of their type's fields (wherever they were copied to), what it opened or made is sorted by name.
 */
export function asGoWrites(patched: Json, original: JsonObject, type: Type, patch: Json | undefined): Json {
  const types = new Map<object, Type>();
  noteTypes(original, type, types);
  const opened = openedBy(original, patch);
  opened.add(original);
  return written(patched, types, opened);
}

function written(value: Json, types: ReadonlyMap<object, Type>, opened: ReadonlySet<object>): Json {
  if (typeof value !== 'object' || value === null) return value;
  const type = types.get(value);
  if (type !== undefined && !opened.has(value)) return ordered(value, type);
  if (Array.isArray(value)) return value.map((item: Json) => written(item, types, opened));
  const object = value as JsonObject;
  const out: Record<string, Json | undefined> = {};
  for (const key of Object.keys(object).sort()) out[key] = written(object[key] ?? null, types, opened);
  return out;
}

function noteTypes(value: Json, type: Type | undefined, types: Map<object, Type>): void {
  if (typeof value !== 'object' || value === null || type === undefined) return;
  const t = resolved(type);
  types.set(value, t);
  if (Array.isArray(value)) {
    if (t.is === 'list') for (const item of value as readonly Json[]) noteTypes(item, t.items, types);
  } else
    for (const [key, inner] of Object.entries(value as JsonObject)) noteTypes(inner ?? null, typeOf(t, key), types);
}

/** Containers that the operations of a JSON patch walk through. */
function openedBy(original: JsonObject, patch: Json | undefined): Set<object> {
  const opened = new Set<object>();
  if (!Array.isArray(patch)) return opened;
  for (const operation of patch as readonly Json[]) {
    if (!isJsonObject(operation)) continue;
    for (const pointer of [operation['path'], operation['from']]) {
      if (typeof pointer !== 'string') continue;
      let at: Json | undefined = original;
      for (const part of pointer.split('/').slice(1)) {
        if (typeof at !== 'object' || at === null) break;
        opened.add(at);
        const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
        at = (at as Readonly<Record<string, Json | undefined>>)[key];
      }
    }
  }
  return opened;
}

/** Fields in the order in which the type names them: that is how Go writes them. */
export function ordered(value: Json, type: Type | undefined): Json {
  if (typeof value !== 'object' || value === null || type === undefined) return value;
  const t = resolved(type);
  if (Array.isArray(value)) return t.is === 'list' ? value.map((item: Json) => ordered(item, t.items)) : value;
  const object = value as JsonObject;
  const names = t.is === 'object' ? Object.keys(t.fields) : [];
  const place = (key: string): number => (names.includes(key) ? names.indexOf(key) : names.length);
  const keys = Object.keys(object).sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  const out: Record<string, Json | undefined> = {};
  for (const key of keys) out[key] = ordered(object[key] ?? null, typeOf(t, key));
  return out;
}
function typeOf(type: Type | undefined, key: string): Type | undefined {
  if (type === undefined) return undefined;
  const t = resolved(type);
  if (t.is === 'object') return t.fields[key]?.type;
  return t.is === 'map' ? t.values : undefined;
}
