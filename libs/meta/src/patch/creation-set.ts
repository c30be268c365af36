import { isJsonObject, type Json, type JsonObject } from '#std';
import { compareObjects } from './compare.js';
import { union, type FieldSet } from './field-set.js';
import { withoutIgnored, withoutServerFields, type WriteContext } from './ownership.js';
import type { Shape } from './shape.js';
import { zeroObject } from './zero.js';

/** So many outlines of one schema are remembered; one more, and all are forgotten. */
const OUTLINES_MAX = 16;
/** Objects with a longer outline are not remembered. */
const OUTLINE_LENGTH_MAX = 1024;

const known = new WeakMap<Shape, Map<string, FieldSet>>();

/**
 * The fields that whoever creates an object comes to own. Of an object without lists they follow from its {@link outlineOf outline}, and
 * loops create thousands of objects of one outline: each set is computed once.
 */
export function setAtCreation(object: JsonObject, context: WriteContext): FieldSet {
  const outline = outlineOf(object);
  if (outline === undefined || outline.length > OUTLINE_LENGTH_MAX) return computed(object, context);
  const key = `${JSON.stringify(context.ignore ?? [])}${outline}`;
  let sets = known.get(context.shape);
  let set = sets?.get(key);
  if (set !== undefined) return set;
  if (sets === undefined || sets.size >= OUTLINES_MAX) known.set(context.shape, (sets = new Map()));
  sets.set(key, (set = computed(object, context)));
  return set;
}

function computed(object: JsonObject, { shape, ignore }: WriteContext): FieldSet {
  const { modified, added } = withoutIgnored(compareObjects(zeroObject(shape), object, shape), ignore);
  return withoutServerFields(union(modified, added));
}

/** Values with which an object may begin, so that they make a difference; see {@link zeroObject}. */
const ZEROS: readonly Json[] = [null, '', 0, false, '0'];

/** The names of an object's fields at every depth, and which of them have a zero value; undefined where there is a list. */
function outlineOf(object: JsonObject): string | undefined {
  let outline = '{';
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    if (Array.isArray(value)) return undefined;
    const inner = isJsonObject(value) ? outlineOf(value) : String(ZEROS.indexOf(value));
    if (inner === undefined) return undefined;
    // The length keeps a name from being read as anything else.
    outline += `${key.length} ${key}${inner}`;
    if (outline.length > OUTLINE_LENGTH_MAX) break;
  }
  return `${outline}}`;
}
