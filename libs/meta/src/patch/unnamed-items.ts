import type { Json, JsonObject } from '#std';
import { itemElement } from './path-element.js';
import { placeOf, type ListShape, type Place, type Shape } from './shape.js';

type Test = (value: Json | undefined) => boolean;
const never: Test = () => false;
const tests = new WeakMap<Place, Test>();

/** Whether some list that is merged by keys has an item without its keys: then nobody's ownership can be told. */
export function hasUnnamedItems(value: JsonObject, shape: Shape): boolean {
  const place = placeOf(shape);
  let test = tests.get(place);
  if (test === undefined) tests.set(place, (test = testOf(place, new Map())));
  return test(value);
}

/** `never` is returned for what has no such list below it, so that it costs nothing to look. */
function testOf(place: Place, underWay: Map<Place, Test>): Test {
  const { shape } = place;
  if (place.atomic) return never;
  const known = underWay.get(place);
  if (known !== undefined) return known;
  let made: Test = never;
  // A place that contains itself meets this one while it is compiled.
  underWay.set(place, (value) => made(value));
  if (shape.is === 'list') made = ofList(place, shape, underWay);
  else if (shape.is === 'map') made = ofMap(place, underWay);
  else if (shape.is === 'object') made = ofObject(place, Object.keys(shape.fields), underWay);
  underWay.delete(place);
  return made;
}

function ofList(place: Place, shape: ListShape, underWay: Map<Place, Test>): Test {
  const inner = testOf(place.item(), underWay);
  return (value) =>
    Array.isArray(value) && value.some((item: Json) => 'problem' in itemElement(place, shape, item) || inner(item));
}
function ofMap(place: Place, underWay: Map<Place, Test>): Test {
  const at = place.field('');
  const inner = at ? testOf(at, underWay) : never;
  if (inner === never) return never;
  return (value) =>
    typeof value === 'object' && value !== null && Object.values(value).some((item) => inner(item as Json));
}
function ofObject(place: Place, names: readonly string[], underWay: Map<Place, Test>): Test {
  const fields: [string, Test][] = [];
  for (const name of names) {
    const at = place.field(name);
    const test = at ? testOf(at, underWay) : never;
    if (test !== never) fields.push([name, test]);
  }
  if (fields.length === 0) return never;
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const object = value as JsonObject;
    return fields.some(([name, test]) => object[name] !== undefined && test(object[name]));
  };
}
