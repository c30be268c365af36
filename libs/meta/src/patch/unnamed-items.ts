import { fieldPlace, isAtomic, itemPlace, placeOf, type ListShape, type Place, type Shape } from './shape.js';
import { itemElement } from './path-element.js';
import type { Json } from '#std';

type Test = (value: unknown) => boolean;
const never: Test = () => false;
const tests = new WeakMap<Shape, Test>();

/** Whether some list that is merged by keys has an item without its keys: then nobody's ownership can be told. */
export function hasUnnamedItems(value: unknown, shape: Shape): boolean {
  let test = tests.get(shape);
  if (test === undefined) {
    test = testOf(placeOf(shape), new Map());
    tests.set(shape, test);
  }
  return test(value);
}

/** `never` is returned for what has no such list below it, so that it costs nothing to look. */
function testOf(place: Place, underWay: Map<Shape, Test>): Test {
  const { shape } = place;
  if (shape.is === 'scalar' || isAtomic(place)) return never;
  const known = underWay.get(shape);
  if (known !== undefined) return known;
  let made: Test = never;
  underWay.set(shape, (value) => made(value));
  if (shape.is === 'list') made = ofList(place, shape, underWay);
  else if (shape.is === 'map') made = ofMap(place, underWay);
  else made = ofObject(place, underWay);
  underWay.delete(shape);
  return made;
}

function ofList(place: Place, shape: ListShape, underWay: Map<Shape, Test>): Test {
  const inner = testOf(itemPlace(shape), underWay);
  return (value) =>
    Array.isArray(value) && value.some((item: Json) => 'problem' in itemElement(place, shape, item) || inner(item));
}
function ofMap(place: Place, underWay: Map<Shape, Test>): Test {
  if (place.shape.is !== 'map') return never;
  const at = fieldPlace(place.shape, '');
  const inner = at ? testOf(at, underWay) : never;
  if (inner === never) return never;
  return (value) => typeof value === 'object' && value !== null && Object.values(value).some(inner);
}
function ofObject(place: Place, underWay: Map<Shape, Test>): Test {
  const { shape } = place;
  if (shape.is !== 'object') return never;
  const fields: [string, Test][] = [];
  for (const name of Object.keys(shape.fields)) {
    const at = fieldPlace(shape, name);
    const test = at ? testOf(at, underWay) : never;
    if (test !== never) fields.push([name, test]);
  }
  if (fields.length === 0) return never;
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const object = value as Readonly<Record<string, unknown>>;
    return fields.some(([name, test]) => object[name] !== undefined && test(object[name]));
  };
}
