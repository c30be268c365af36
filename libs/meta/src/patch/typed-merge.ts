import { isJsonObject, putValue, valueOf, type Json, type JsonObject } from '#std';
import { indexItems, isEmptyValue, isListOrNull, isMapOrNull } from './compare.js';
import { below, isEmptySet, isMember, makeNode, EMPTY, SELF, type FieldSet } from './field-set.js';
import { itemElement } from './path-element.js';
import { placeOf, type ListShape, type Place, type Shape } from './shape.js';

/** Lays an applied configuration over the live object: maps and associative lists merge, all else is the configuration's. */
export function mergeApplied(live: JsonObject, applied: JsonObject, shape: Shape): JsonObject {
  const merged = mergeValues(live, applied, placeOf(shape));
  return isJsonObject(merged) ? merged : {};
}

function mergeValues(live: Json | undefined, applied: Json | undefined, place: Place): Json | undefined {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const { shape } = place;
  if (shape.is === 'scalar' || place.atomic) return applied;
  if (shape.is === 'list') {
    if (!isListOrNull(live) || !isListOrNull(applied)) return applied;
    if (isEmptyValue(live) && isEmptyValue(applied)) return applied;
    return mergeLists(live ?? [], applied ?? [], shape, place);
  }
  if (!isMapOrNull(live) || !isMapOrNull(applied)) return applied;
  // Null over a map with entries removes nothing: what is no one's stays.
  if (isEmptyValue(live) && isEmptyValue(applied)) return applied;
  // Copied only where something changes: most of what is applied is there already.
  let out: Record<string, Json | undefined> | undefined;
  for (const key in applied) {
    const value = applied[key];
    const field = place.field(key);
    const old = live === null ? undefined : valueOf(live, key);
    const next = field === undefined ? value : mergeValues(old, value, field);
    if (next === old && old !== undefined) continue;
    putValue((out ??= { ...live }), key, next);
  }
  return out ?? live;
}

/**
 * The configuration's order for what is in both; items of the live list alone stay where they are between them; an item
 * that only the configuration has comes where it stands there.
 */
function mergeLists(live: readonly Json[], applied: readonly Json[], list: ListShape, place: Place): readonly Json[] {
  const inner = place.item();
  const keyOf = (item: Json): string => {
    const made = itemElement(place, list, item);
    return 'element' in made ? made.element : '';
  };
  const liveKeys = live.map(keyOf);
  const appliedKeys = applied.map(keyOf);
  const liveItems = indexItems(live, list, place);
  const appliedItems = indexItems(applied, list, place);
  const shared = appliedKeys.filter((key) => liveItems.has(key));
  // How many of them are done: taking them off the front would move all others each time.
  let sharedDone = 0;
  const done = new Set<string>();
  const out: Json[] = [];
  const takeApplied = (key: string): void => {
    done.add(key);
    const twins = liveItems.get(key);
    const value = mergeValues(twins?.length === 1 ? twins[0] : undefined, appliedItems.get(key)?.[0], inner);
    if (value !== undefined) out.push(value);
    if (shared[sharedDone] === key) sharedDone++;
  };
  let i = 0;
  for (let j = 0; i < live.length || j < applied.length;) {
    const mine = liveKeys[i];
    const theirs = appliedKeys[j];
    if (mine === undefined) {
      if (theirs !== undefined) takeApplied(theirs);
      j++;
    } else if (!appliedItems.has(mine)) {
      out.push(live[i] as Json);
      i++;
    } else if (theirs === mine) {
      takeApplied(mine);
      i++;
      j++;
    } else if (theirs === undefined || (shared[sharedDone] !== undefined && shared[sharedDone] !== mine)) {
      // It comes, or came, at its place in the configuration.
      i++;
    } else {
      if (done.has(mine)) i++;
      takeApplied(theirs);
      j++;
    }
  }
  return out;
}

/** The object without the paths of the set. A map or list that loses all becomes null: nothing, but said. */
export function removePaths(object: JsonObject, paths: FieldSet, shape: Shape): JsonObject {
  if (isEmptySet(paths)) return object;
  const left = withoutPaths(object, paths, placeOf(shape));
  return isJsonObject(left) ? left : {};
}
function withoutPaths(value: Json, paths: FieldSet, place: Place): Json {
  const { shape } = place;
  if (shape.is === 'list') {
    if (!Array.isArray(value) || place.atomic) return null;
    const inner = place.item();
    const left = (value as readonly Json[]).flatMap((item): readonly Json[] => {
      const made = itemElement(place, shape, item);
      const deeper = 'element' in made ? below(paths, made.element) : undefined;
      if (deeper === undefined) return [item];
      return isMember(deeper) ? [] : [withoutPaths(item, deeper, inner)];
    });
    return left.length > 0 ? left : null;
  }
  if (shape.is === 'scalar' || !isJsonObject(value) || place.atomic) return null;
  const out: Record<string, Json> = {};
  let isEmpty = true;
  let isSame = true;
  for (const key in value) {
    const item = value[key];
    if (item === undefined) continue;
    const deeper = below(paths, `f:${key}`);
    if (deeper !== undefined && isMember(deeper)) {
      isSame = false;
      continue;
    }
    const field = place.field(key);
    const left = deeper === undefined || field === undefined ? item : withoutPaths(item, deeper, field);
    isSame &&= left === item;
    putValue(out, key, left);
    isEmpty = false;
  }
  if (isEmpty) return null;
  return isSame ? value : out;
}

/** The set with every struct field that has paths below it as a member too: removing all below removes the field. */
export function withNamedFields(set: FieldSet, shape: Shape): FieldSet {
  return named(set, placeOf(shape), false) ?? EMPTY;
}
/** The very same node where nothing is added, as in every map however wide it is. */
function named(set: FieldSet, place: Place | undefined, member: boolean): FieldSet | undefined {
  const shape = place?.shape;
  const children: [string, FieldSet][] = [];
  let same = true;
  for (const element in set) {
    if (element === SELF) continue;
    const node = set[element] as FieldSet;
    let made: FieldSet | undefined = node;
    // A path with none below it is a member, and has no place for more.
    if (!isEmptySet(node)) {
      const name = element.startsWith('f:') ? element.slice(2) : undefined;
      const isField = name !== undefined && shape?.is === 'object' && Object.hasOwn(shape.fields, name);
      made = named(node, innerPlace(place, name), isMember(node) || isField);
    }
    same &&= made === node;
    if (made !== undefined) children.push([element, made]);
  }
  if (same && children.length > 0 && member === Object.hasOwn(set, SELF)) return set;
  return makeNode(member, children);
}
function innerPlace(place: Place | undefined, name: string | undefined): Place | undefined {
  if (place === undefined || place.shape.is === 'scalar') return undefined;
  if (place.shape.is === 'list') return place.item();
  return name === undefined ? undefined : place.field(name);
}
