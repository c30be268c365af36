import { isJsonObject, type Json, type JsonObject } from '#std';
import { resolved, type Type } from '../schema/index.js';

/**
 * A patched document as the genuine server prints it in an error: what the patch left alone keeps the order of fields of
 * its type, what it touched is sorted by name.
 */
export function asGoWrites(patched: Json, original: Json | undefined, type: Type): Json {
  return touched(patched, original, resolved(type), true);
}

function touched(value: Json, original: Json | undefined, type: Type | undefined, isRoot = false): Json {
  if (value === original && !isRoot) return ordered(value, type);
  if (!isJsonObject(value)) return value;
  const before = isJsonObject(original) ? original : {};
  const out: Record<string, Json | undefined> = {};
  for (const key of Object.keys(value).sort()) out[key] = touched(value[key] ?? null, before[key], typeOf(type, key));
  return out;
}

/** Fields in the order of the type, which is that of its protobuf numbers; `kind` and `apiVersion` come first. */
export function ordered(value: Json, type: Type | undefined): Json {
  if (typeof value !== 'object' || value === null || type === undefined) return value;
  const t = resolved(type);
  if (Array.isArray(value)) return t.is === 'list' ? value.map((item: Json) => ordered(item, t.items)) : value;
  const object = value as JsonObject;
  const tagOf = (key: string): number => (t.is === 'object' ? (t.fields[key]?.tag ?? 1000) : 0);
  const keys = Object.keys(object).sort((a, b) => tagOf(a) - tagOf(b) || (t.is === 'object' ? (a < b ? 1 : -1) : a < b ? -1 : 1));
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
