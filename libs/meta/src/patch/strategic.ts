import { isJsonObject, putValue, valueOf, type Json, type JsonObject } from '#std';
import { badRequest, internal, patched, type Patched } from './problem.js';
import { placeOf, type Place, type Shape } from './shape.js';
import { mergeList, ordered, PatchFailure } from './strategic-lists.js';
import { dropNulls, withoutDirectives } from './strategic-directives.js';

const PATCH = '$patch';
const RETAIN = '$retainKeys';
const DELETE_ITEMS = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/** Applies a strategic merge patch by what the schema says of each field: merge keys, strategies and directives. */
export function applyStrategicMergePatch(document: JsonObject, patch: unknown, shape: Shape): Patched<JsonObject> {
  if (!isJsonObject(patch)) return badRequest('error decoding patch: the patch must be an object');
  try {
    return patched(mergeMap(document, patch, placeOf(shape)));
  } catch (cause) {
    if (cause instanceof PatchFailure) return internal(cause.message);
    throw cause;
  }
}

/** A map with a patch merged into it. */
export function mergeMap(original: JsonObject, patch: JsonObject, place: Place | undefined): JsonObject {
  const directive = patch[PATCH];
  if (directive !== undefined) return directed(directive, patch);
  const out: Record<string, Json | undefined> = retained(original, patch);
  const orderedFields = new Set<string>();
  for (const key of Object.keys(patch)) {
    if (key.startsWith(ORDER)) mergeOrdered(out, patch, key, place, orderedFields);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || key === RETAIN || key.startsWith(ORDER) || orderedFields.has(key)) continue;
    if (key.startsWith(DELETE_ITEMS)) removeItems(out, key.slice(DELETE_ITEMS.length), value, place);
    else mergeField(out, key, value, place);
  }
  return out;
}

/** `$patch: replace` gives the patch itself, `$patch: delete` nothing. */
function directed(directive: Json, patch: JsonObject): JsonObject {
  if (directive === 'replace') {
    const { [PATCH]: _directive, ...rest } = patch;
    return rest;
  }
  if (directive === 'delete') return {};
  throw new PatchFailure(`unknown patch type found: ${String(directive)}`);
}

function mergeField(out: Record<string, Json | undefined>, key: string, value: Json, place: Place | undefined): void {
  const old = valueOf(out, key);
  if (value === null) delete out[key];
  else if (old === undefined || typeOf(old) !== typeOf(value)) {
    const fresh = withoutDirectives(dropNulls(value));
    if (fresh === undefined) delete out[key];
    else putValue(out, key, fresh);
  } else if (isJsonObject(value) && isJsonObject(old)) {
    const field = fieldOf(place, key);
    putValue(out, key, strategyOf(field) === 'replace' ? value : mergeMap(old, value, field));
  } else if (Array.isArray(value) && Array.isArray(old)) {
    putValue(out, key, mergeLists(old, value, fieldOf(place, key)));
  } else putValue(out, key, value);
}

function mergeLists(old: readonly Json[], patch: readonly Json[], field: Place | undefined): readonly Json[] {
  if (strategyOf(field) !== 'merge') return patch;
  return mergeList(old, patch, mergeKeyOf(field), (item, change) => mergeMap(item, change, itemOf(field)));
}

/** `$setElementOrder/ports` says the order of the merged list, whether or not the patch changes it. */
function mergeOrdered(
  out: Record<string, Json | undefined>,
  patch: JsonObject,
  orderKey: string,
  place: Place | undefined,
  done: Set<string>,
): void {
  const name = orderKey.slice(ORDER.length);
  const order = patch[orderKey];
  const old = out[name];
  const change = patch[name];
  if (!Array.isArray(order)) throw new PatchFailure(`invalid patch format of setElementOrder list: ${name}`);
  if (change !== undefined && !Array.isArray(change)) throw new PatchFailure(`expected a list: ${name}`);
  const field = fieldOf(place, name);
  const removed = patch[`${DELETE_ITEMS}${name}`];
  if (Array.isArray(removed) && removed.length > 0 && Array.isArray(out[name])) {
    removeItems(out, name, removed, place);
    done.add(`${DELETE_ITEMS}${name}`);
  }
  const base = out[name];
  if (!Array.isArray(base) && change === undefined) return;
  done.add(name);
  let merged: readonly Json[];
  if (!Array.isArray(base)) {
    const fresh = withoutDirectives(dropNulls(change ?? null));
    merged = Array.isArray(fresh) ? fresh : [];
  } else merged = change === undefined ? base : mergeLists(base, change, field);
  out[name] = ordered(merged, order, Array.isArray(old) ? old : [], mergeKeyOf(field), change);
}

function removeItems(out: Record<string, Json | undefined>, name: string, items: Json, place: Place | undefined): void {
  const old = out[name];
  if (!Array.isArray(old) || !Array.isArray(items)) return;
  const gone = new Set<Json>(items);
  out[name] = strategyOf(fieldOf(place, name)) === 'merge' ? old.filter((item) => !gone.has(item as Json)) : items;
}

/** `$retainKeys` names the only keys that may stay; the patch may not set others. */
function retained(original: JsonObject, patch: JsonObject): Record<string, Json | undefined> {
  const keep = patch[RETAIN];
  if (keep === undefined) return { ...original };
  if (!Array.isArray(keep)) throw new PatchFailure('invalid patch format of retainKeys');
  const kept = new Set<unknown>(keep);
  const stray = Object.keys(patch).find((key) => !key.startsWith('$') && patch[key] !== null && !kept.has(key));
  if (stray !== undefined) throw new PatchFailure('invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)));
}

function fieldOf(place: Place | undefined, name: string): Place | undefined {
  return place?.field(name);
}
function itemOf(place: Place | undefined): Place | undefined {
  return place?.item();
}
function mergeKeyOf(place: Place | undefined): string | undefined {
  return place?.rules.mergeKey;
}
/** `merge,retainKeys` is a merge; what else a strategy says is in the patch's own directives. */
function strategyOf(place: Place | undefined): string | undefined {
  return place?.rules.patchStrategy?.split(',').find((strategy) => strategy !== 'retainKeys');
}
function typeOf(value: Json): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
}
