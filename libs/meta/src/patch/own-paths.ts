import { isJsonObject, type Json, type JsonObject } from '#std';
import { hasNoKeys, indexItems } from './compare.js';
import { EMPTY, inElementOrder, makeNode, type FieldSet } from './field-set.js';
import { placeOf, type Place, type Shape } from './shape.js';

/** The paths that a configuration says something about: its leaves, its list items, and its empty maps. */
export function fieldSetOf(value: JsonObject, shape: Shape): FieldSet {
  return makeNode(false, ownChildren(value, placeOf(shape))) ?? EMPTY;
}
function ownNode(value: Json, place: Place, alwaysMember: boolean): FieldSet | undefined {
  const { shape } = place;
  const leafValue = shape.is === 'scalar' || place.atomic;
  const untypedLeaf = shape.is === 'map' && typeof value !== 'object';
  const untypedList = shape.is === 'map' && Array.isArray(value);
  if (leafValue || untypedLeaf || untypedList) return EMPTY;
  const emptyMap = value === null || (isJsonObject(value) && hasNoKeys(value));
  return makeNode(alwaysMember || emptyMap, ownChildren(value, place));
}
function ownChildren(value: Json, place: Place): readonly [string, FieldSet][] {
  const children: [string, FieldSet][] = [];
  const { shape } = place;
  if (shape.is === 'list' && Array.isArray(value)) {
    const inner = place.item();
    for (const [element, items] of indexItems(value, shape, place)) {
      const made = items.length > 1 ? EMPTY : ownNode(items[0] ?? null, inner, true);
      if (made !== undefined) children.push([element, made]);
    }
  } else if (shape.is !== 'list' && shape.is !== 'scalar' && isJsonObject(value)) {
    for (const key in value) {
      const item = value[key];
      const field = item === undefined ? undefined : place.field(key);
      if (item === undefined || field === undefined) continue;
      // Entries of maps are always the setter's own; fields of structs only where something is said below them.
      const known = shape.is === 'object' && Object.hasOwn(shape.fields, key);
      const made = ownNode(item, field, !known);
      if (made !== undefined) children.push([`f:${key}`, made]);
    }
  }
  return inElementOrder(children);
}
