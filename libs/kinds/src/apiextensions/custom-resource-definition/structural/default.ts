import { isJsonObject, putValue, type Json, type JsonObject } from '#std';
import { itemsOf, propertyOf, valuesOf, type JsonSchema } from './schema.js';

/**
 * Sets what a schema states as default where a value is absent, or null and not nullable; other such nulls are dropped from
 * objects. Returns the very value where nothing changes. Sets no more once all set together have {@link DEFAULT_BYTES_MAX}:
 * a short list of empty objects could get any size.
 */
export function applySchemaDefaults(value: Json, schema: JsonSchema, keepsNulls = false): Json {
  return withDefaults(value, schema, { bytesLeft: DEFAULT_BYTES_MAX, keepsNulls });
}

const DEFAULT_BYTES_MAX = 2 * 1024 * 1024;

interface Budget {
  bytesLeft: number;
  /** Nulls that are no values stay where there is no default. */
  readonly keepsNulls: boolean;
}

function withDefaults(value: Json, schema: JsonSchema, budget: Budget): Json {
  if (!hasWork(schema)) return value;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items === undefined) return value;
    let out: Json[] | undefined;
    value.forEach((item: Json, index) => {
      const next = withDefaults(item, items, budget);
      if (next !== item) (out ??= [...(value as Json[])])[index] = next;
    });
    return out ?? value;
  }
  return isJsonObject(value) ? defaultObject(value, schema, budget) : value;
}

function defaultObject(value: JsonObject, schema: JsonSchema, budget: Budget): Json {
  let out: Record<string, Json | undefined> | undefined;
  const copy = (): Record<string, Json | undefined> => (out ??= { ...value });
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined) continue;
    const present = Object.hasOwn(value, name) ? value[name] : undefined;
    if (present !== undefined && (present !== null || property.nullable === true)) continue;
    budget.bytesLeft -= sizeOf(property);
    if (budget.bytesLeft < 0) break;
    putValue(copy(), name, property.default);
  }
  const values = valuesOf(schema);
  for (const [name, inner] of Object.entries(out ?? value)) {
    if (inner === undefined) continue;
    const known = propertyOf(schema, name) ?? values;
    if (known === undefined) continue;
    if (inner === null && isDropped(known)) {
      if (propertyOf(schema, name) === undefined && known.default !== undefined) putValue(copy(), name, known.default);
      else if (!budget.keepsNulls) delete copy()[name];
      continue;
    }
    const next = withDefaults(inner, known, budget);
    if (next !== inner) putValue(copy(), name, next);
  }
  return (out as JsonObject | undefined) ?? value;
}

/** A null that is no value: the schema does not take it. */
function isDropped(schema: JsonSchema): boolean {
  return schema.nullable !== true;
}

const sizes = new WeakMap<JsonSchema, number>();
function sizeOf(schema: JsonSchema): number {
  let size = sizes.get(schema);
  if (size === undefined) sizes.set(schema, (size = JSON.stringify(schema.default).length));
  return size;
}

const work = new WeakMap<JsonSchema, boolean>();

/** Nulls may stand anywhere below a schema with fields, so only leaves have no work. */
function hasWork(schema: JsonSchema): boolean {
  let known = work.get(schema);
  if (known === undefined) {
    known = schema.properties !== undefined || itemsOf(schema) !== undefined || valuesOf(schema) !== undefined;
    work.set(schema, known);
  }
  return known;
}
