import { isJsonObject, putValue, valueOf, type Json, type JsonObject } from '#std';
import { dropNulls } from './strategic-directives.js';
import { badRequest, patched, type Patched } from './problem.js';

/** Applies an RFC 7386 merge patch: maps merge, null removes, everything else replaces. */
export function applyMergePatch(document: JsonObject, patch: unknown): Patched<JsonObject> {
  if (!isJsonObject(patch)) return badRequest('error decoding patch: the patch must be an object');
  return patched(mergeObjects(document, patch));
}

function mergeObjects(base: JsonObject, patch: JsonObject): JsonObject {
  const out: Record<string, Json | undefined> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const old = valueOf(out, key);
    if (value === null) delete out[key];
    else if (isJsonObject(old)) putValue(out, key, isJsonObject(value) ? mergeObjects(old, value) : value);
    // What is new has nothing to remove: the nulls in its maps vanish, within lists too. A list in place of a map stays.
    else putValue(out, key, dropNulls(value));
  }
  return out;
}
