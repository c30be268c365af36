import { isJsonObject, putValue, type Json } from '#std';

/** A new part of a patch without its directives; undefined when it was only there to delete something. */
export function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) {
    return value.map((item) => withoutDirectives(item as Json)).filter((item) => item !== undefined);
  }
  if (!isJsonObject(value)) return value;
  if (value['$patch'] === 'delete') return undefined;
  const out: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined || isDirective(key)) continue;
    const kept = withoutDirectives(inner);
    if (kept !== undefined) putValue(out, key, kept);
  }
  return out;
}

function isDirective(key: string): boolean {
  return (
    key === '$patch' ||
    key === '$retainKeys' ||
    key.startsWith('$deleteFromPrimitiveList/') ||
    key.startsWith('$setElementOrder/')
  );
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
