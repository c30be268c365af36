import { isJsonObject, jsonEquals, valueOf, type Json, type JsonObject } from '#std';
import { EMPTY, inElementOrder, makeNode, type FieldSet } from './field-set.js';
import { itemElement } from './path-element.js';
import { placeOf, type ListShape, type Place, type Shape } from './shape.js';

/** How two values of one schema differ, as sets of paths. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}
export const SAME: Comparison = { added: EMPTY, modified: EMPTY, removed: EMPTY };

export function isSame(comparison: Comparison): boolean {
  return comparison.added === EMPTY && comparison.modified === EMPTY && comparison.removed === EMPTY;
}

/** Compares two whole objects. Subtrees that are the same JavaScript object cost nothing. */
export function compareObjects(before: JsonObject, after: JsonObject, shape: Shape): Comparison {
  const found = compareValues(before, after, placeOf(shape));
  if (found === undefined) return SAME;
  return { added: found.added ?? EMPTY, modified: found.modified ?? EMPTY, removed: found.removed ?? EMPTY };
}

interface Found {
  readonly added?: FieldSet | undefined;
  readonly modified?: FieldSet | undefined;
  readonly removed?: FieldSet | undefined;
}
const MODIFIED: Found = { modified: EMPTY };

function compareValues(before: Json | undefined, after: Json | undefined, place: Place): Found | undefined {
  if (before === after) return undefined;
  if (before === undefined) return { added: everyPath(after, place) };
  if (after === undefined) return { removed: everyPath(before, place) };
  const { shape } = place;
  if (shape.is === 'scalar' || place.atomic) return leaf(before, after);
  if (shape.is === 'list') {
    if (!isListOrNull(before) || !isListOrNull(after)) return leaf(before, after);
    return compareLists(before ?? [], after ?? [], shape, place) ?? whenBothEmpty(before, after);
  }
  if (!isMapOrNull(before) || !isMapOrNull(after)) return leaf(before, after);
  return compareMaps(before ?? {}, after ?? {}, place) ?? whenBothEmpty(before, after);
}
function leaf(before: Json, after: Json): Found | undefined {
  return jsonEquals(before, after) ? undefined : MODIFIED;
}
/** Nothing and an empty value are told apart only where neither side has anything. */
function whenBothEmpty(before: Json, after: Json): Found | undefined {
  return isEmptyValue(before) && isEmptyValue(after) ? leaf(before, after) : undefined;
}

function compareMaps(before: JsonObject, after: JsonObject, place: Place): Found | undefined {
  let sum: Sum | undefined;
  for (const key in before) {
    const old = before[key];
    const next = valueOf(after, key);
    if (old === next || old === undefined) continue;
    const field = place.field(key);
    const found = field === undefined ? undefined : compareValues(old, next, field);
    if (found !== undefined) (sum ??= new Sum()).add(`f:${key}`, found);
  }
  for (const key in after) {
    const next = after[key];
    if (next === undefined || valueOf(before, key) !== undefined) continue;
    const field = place.field(key);
    if (field !== undefined) (sum ??= new Sum()).add(`f:${key}`, { added: everyPath(next, field) });
  }
  return sum?.found();
}

function compareLists(
  before: readonly Json[],
  after: readonly Json[],
  list: ListShape,
  place: Place,
): Found | undefined {
  const inner = place.item();
  if (sameKeysInPlace(before, after, place)) return compareInPlace(before, after, list, place, inner);
  const old = indexItems(before, list, place);
  const next = indexItems(after, list, place);
  const sum = new Sum();
  for (const [element, items] of old) sum.add(element, compareItems(items, next.get(element) ?? [], inner));
  for (const [element, items] of next) if (!old.has(element)) sum.add(element, compareItems([], items, inner));
  return sum.found();
}

/** The usual case: every item has the neighbours that it had, no key is new and none is there twice. */
function sameKeysInPlace(before: readonly Json[], after: readonly Json[], place: Place): boolean {
  if (before.length !== after.length) return false;
  const keys = place.rules.listType === 'map' ? (place.rules.mapKeys ?? []) : undefined;
  for (let i = 0; i < before.length; i++) {
    const old = before[i];
    const next = after[i];
    if (keys === undefined) {
      if (old !== next) return false;
    } else if (!isJsonObject(old) || !isJsonObject(next) || keys.some((key) => old[key] !== next[key])) return false;
  }
  return before.length < 2 || !hasTwins(before, keys);
}
function hasTwins(items: readonly Json[], keys: readonly string[] | undefined): boolean {
  const [key] = keys ?? [];
  const seen = new Set<unknown>();
  for (const item of items) seen.add(key === undefined ? item : (item as JsonObject)[key]);
  // Items may share their first key and differ in the second: then they are indexed, to be sure.
  return seen.size !== items.length;
}
function compareInPlace(
  before: readonly Json[],
  after: readonly Json[],
  list: ListShape,
  place: Place,
  inner: Place,
): Found | undefined {
  let sum: Sum | undefined;
  for (let i = 0; i < before.length; i++) {
    const found = compareValues(before[i], after[i], inner);
    if (found === undefined) continue;
    const made = itemElement(place, list, after[i]);
    if ('element' in made) (sum ??= new Sum()).add(made.element, found);
  }
  return sum?.found();
}

/** Items with one key. Where a side has more than one, they are one value, and what is single comes or goes as a whole. */
function compareItems(before: readonly Json[], after: readonly Json[], place: Place): Found | undefined {
  if (before.length <= 1 && after.length <= 1) return compareValues(before[0], after[0], place);
  if (jsonEquals(before, after)) return undefined;
  if (before.length > 1 && after.length > 1) return MODIFIED;
  if (before.length > 1) return { removed: EMPTY, ...(after.length === 1 && { added: everyPath(after[0], place) }) };
  return { added: EMPTY, ...(before.length === 1 && { removed: everyPath(before[0], place) }) };
}

export function indexItems(items: readonly Json[], list: ListShape, place: Place): ReadonlyMap<string, Json[]> {
  const index = new Map<string, Json[]>();
  for (const item of items) {
    const made = itemElement(place, list, item);
    if ('problem' in made) continue;
    const others = index.get(made.element);
    if (others === undefined) index.set(made.element, [item]);
    else others.push(item);
  }
  return index;
}

/** Gathers what was found below the elements of one value. */
class Sum {
  private added: [string, FieldSet][] | undefined;
  private modified: [string, FieldSet][] | undefined;
  private removed: [string, FieldSet][] | undefined;
  add(element: string, found: Found | undefined): void {
    if (found?.added !== undefined) (this.added ??= []).push([element, found.added]);
    if (found?.modified !== undefined) (this.modified ??= []).push([element, found.modified]);
    if (found?.removed !== undefined) (this.removed ??= []).push([element, found.removed]);
  }
  found(): Found | undefined {
    const { added, modified, removed } = this;
    if (added === undefined && modified === undefined && removed === undefined) return undefined;
    return { added: added && node(added), modified: modified && node(modified), removed: removed && node(removed) };
  }
}
function node(children: [string, FieldSet][]): FieldSet | undefined {
  return makeNode(false, inElementOrder(children));
}

/** The set of all paths of a value that appears or vanishes: every map, list, item and leaf in it, itself included. */
function everyPath(value: Json | undefined, place: Place): FieldSet {
  const { shape } = place;
  if (shape.is === 'scalar' || place.atomic || typeof value !== 'object' || value === null) return EMPTY;
  const children: [string, FieldSet][] = [];
  if (shape.is === 'list') {
    if (!Array.isArray(value)) return EMPTY;
    const inner = place.item();
    for (const [element, items] of indexItems(value, shape, place)) {
      children.push([element, items.length > 1 ? EMPTY : everyPath(items[0], inner)]);
    }
  } else if (isJsonObject(value)) {
    for (const key in value) {
      const item = value[key];
      const field = item === undefined ? undefined : place.field(key);
      if (field !== undefined) children.push([`f:${key}`, everyPath(item, field)]);
    }
  }
  return makeNode(true, inElementOrder(children)) ?? EMPTY;
}

export function isListOrNull(value: Json | undefined): value is readonly Json[] | null | undefined {
  return value === null || value === undefined || Array.isArray(value);
}
export function isMapOrNull(value: Json | undefined): value is JsonObject | null | undefined {
  return value === null || value === undefined || isJsonObject(value);
}
export function isEmptyValue(value: Json | undefined): boolean {
  if (value === null || value === undefined) return true;
  return Array.isArray(value) ? value.length === 0 : typeof value === 'object' && hasNoKeys(value as JsonObject);
}
/** Without a list of all keys. */
export function hasNoKeys(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}
