import { objectMeta } from '#model';
import { isJsonObject, pathBelow, putValue, type Json, type JsonObject } from '#std';
import { isEmbedded, itemsOf, keepsUnknown, OBJECT_FIELDS, propertyOf, valuesOf, type JsonSchema } from './schema.js';

export interface Pruned {
  readonly value: Json;
  /** Paths of what was left out, in the order of their names, those in metadata of objects within last. */
  readonly unknown: readonly string[];
}

/** Leaves out the fields that a schema does not know. Returns the very value where there are none. */
export function prune(value: Json, schema: JsonSchema): Pruned {
  const unknown: string[] = [];
  const inMetadata: string[] = [];
  const pruned = pruneValue(value, schema, '', { isObject: true, unknown, inMetadata });
  return { value: pruned, unknown: [...unknown.sort(), ...inMetadata.sort()] };
}

/** So many are named: a body can have as many as it has bytes. */
const UNKNOWN_MAX = 1000;

interface Place {
  /** Whether the value is an object of the API: its own fields are known without a schema. */
  readonly isObject: boolean;
  readonly unknown: string[];
  /** Those of the metadata of objects within: named after all others. */
  readonly inMetadata: string[];
}

function pruneValue(value: Json, schema: JsonSchema, path: string, place: Place): Json {
  if (Array.isArray(value)) return pruneList(value, schema, path, place);
  if (!isJsonObject(value)) return value;
  let out: Record<string, Json | undefined> | undefined;
  const copy = (): Record<string, Json | undefined> => (out ??= { ...value });
  const values = valuesOf(schema);
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    if (place.isObject && OBJECT_FIELDS.has(name)) {
      const known =
        name === 'metadata' && path !== '' ? knownMetadata(inner, `${path}.metadata`, place.inMetadata) : inner;
      if (known !== inner) putValue(copy(), name, known);
      continue;
    }
    const known = propertyOf(schema, name) ?? values;
    if (known === undefined) {
      if (keepsUnknown(schema) || schema.additionalProperties === true) continue;
      // Removed from a copy: whoever has the value may still read it.
      delete copy()[name];
      if (place.unknown.length < UNKNOWN_MAX) place.unknown.push(pathBelow(path, name));
      continue;
    }
    const next: Place = { ...place, isObject: isEmbedded(known) };
    const pruned = pruneValue(inner, known, pathBelow(path, name), next);
    if (pruned !== inner) putValue(copy(), name, pruned);
  }
  return (out as JsonObject | undefined) ?? value;
}

/** The metadata of an object within another one: what all metadata has. */
function knownMetadata(value: Json, path: string, unknown: string[]): Json {
  if (!isJsonObject(value)) return value;
  const names = Object.keys(value).filter((name) => !Object.hasOwn(objectMeta.fields, name));
  if (names.length === 0) return value;
  const known: Record<string, Json | undefined> = { ...value };
  for (const name of names) {
    delete known[name];
    if (unknown.length < UNKNOWN_MAX) unknown.push(pathBelow(path, name));
  }
  return known as JsonObject;
}

function pruneList(items: readonly Json[], schema: JsonSchema, path: string, place: Place): Json {
  const known = itemsOf(schema);
  if (known === undefined) return items as Json;
  let out: Json[] | undefined;
  const next: Place = { ...place, isObject: isEmbedded(known) };
  items.forEach((item, index) => {
    const pruned = pruneValue(item, known, pathBelow(path, index), next);
    if (pruned !== item) (out ??= [...items])[index] = pruned;
  });
  return out ?? (items as Json);
}
