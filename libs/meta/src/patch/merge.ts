import { isJsonObject, putValue, valueOf, type Json, type JsonObject } from '#std';
import { badRequest, patched, type Patched } from './problem.js';

/** Applies an RFC 7386 merge patch: maps merge, null removes, everything else replaces. */
export function applyMergePatch(document: JsonObject, patch: unknown): Patched<JsonObject> {
  if (!isJsonObject(patch)) {
    return badRequest('error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}');
  }
  return patched(mergeObjects(document, patch));
}

function mergeObjects(base: JsonObject, patch: JsonObject): JsonObject {
  const out: Record<string, Json | undefined> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete out[key];
    else {
      const old = valueOf(out, key);
      // A new map is merged with an empty one, so that the nulls within it vanish.
      putValue(out, key, isJsonObject(value) ? mergeObjects(isJsonObject(old) ? old : {}, value) : value);
    }
  }
  return out;
}
