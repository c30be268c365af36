import { isJsonObject, putValue, type Json } from '#std';

/** A new part of a patch without what is only there to say how to merge: all that holds `$patch`. */
export function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) {
    return value.map((item) => withoutDirectives(item as Json)).filter((item) => item !== undefined);
  }
  if (!isJsonObject(value)) return value;
  if (value['$patch'] !== undefined) return undefined;
  const out: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    const kept = inner === undefined ? undefined : withoutDirectives(inner);
    if (kept !== undefined) putValue(out, key, kept);
  }
  return out;
}

/** A value without the nulls in its maps: null means "not there", and there is nothing to remove. */
export function dropNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => dropNulls(item as Json));
  if (!isJsonObject(value)) return value;
  const out: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== undefined && inner !== null) putValue(out, key, dropNulls(inner));
  }
  return out;
}
