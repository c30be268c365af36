import { cutPath, FIELD_WORDS_MAX, isJsonObject, type Json, type JsonObject } from '#std';
import { elementText, itemElement } from './path-element.js';
import { goMap } from './strategic-lists.js';
import { placeOf, type ListShape, type Place, type Shape } from './shape.js';

/** What the schema does not know or allow in an applied configuration, in Kubernetes' words; undefined when all is well. */
export function typingProblem(applied: JsonObject, shape: Shape): string | undefined {
  const problems: string[] = [];
  check(applied, placeOf(shape), '', problems);
  if (problems.length === 0) return undefined;
  return problems.length === 1 ? problems[0] : ['errors:', ...problems.map((p) => `  ${p}`)].join('\n');
}

function check(value: Json, place: Place, path: string, problems: string[]): void {
  if (value === null) return;
  const say = (text: string): void => note(problems, path === '' ? text : `${path}: ${text}`);
  const { shape } = place;
  if (shape.is === 'scalar') {
    const wrong = scalarProblem(shape.scalar, value);
    if (wrong !== undefined) say(wrong);
  } else if (shape.is === 'list') {
    if (!Array.isArray(value)) say(`expected list, got &{${goMap(value)}}`);
    else checkItems(value, shape, place, path, problems, say);
  } else if (isUntyped(place)) {
    return;
  } else if (!isJsonObject(value)) {
    say(`expected map, got &{${goMap(value)}}`);
  } else {
    for (const key of Object.keys(value).sort()) {
      const inner = value[key];
      if (inner === undefined) continue;
      const field = place.field(key);
      const at = cutPath(`${path}.${key}`);
      if (field === undefined) note(problems, `${at}: field not declared in schema`);
      else check(inner, field, at, problems);
    }
  }
}
/** Each names a path, and a configuration can have as many as it has bytes: the first ones are enough. */
function note(problems: string[], text: string): void {
  if (problems.length < FIELD_WORDS_MAX) problems.push(text);
}
/** A value that no schema describes is its own type. */
function isUntyped(place: Place): boolean {
  const { shape } = place;
  return shape.is === 'map' && shape.values.is === 'lazy' && shape.values.resolve() === shape;
}

function checkItems(
  items: readonly Json[],
  list: ListShape,
  place: Place,
  path: string,
  problems: string[],
  say: (text: string) => void,
): void {
  const inner = place.item();
  if (place.atomic) {
    items.forEach((item, i) => check(item, inner, `${path}[${i}]`, problems));
    return;
  }
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const made = itemElement(place, list, item);
    if ('problem' in made) {
      // Without its element nothing below can be named.
      say(`element ${i}: ${made.problem}`);
      return;
    }
    const { element } = made;
    if (seen.has(element)) say(`duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    check(item, inner, cutPath(`${path}${elementText(element)}`), problems);
  }
}

function scalarProblem(scalar: string, value: Json): string | undefined {
  switch (scalar) {
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goMap(value)}}`;
    case 'any':
    case 'fieldsV1':
    case 'intOrString':
      return undefined;
    case 'quantity':
      return typeof value === 'object' ? `expected any scalar, got &{${goMap(value)}}` : undefined;
    default:
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goValue(value)}}`;
  }
}
function goType(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : 'string';
}
/** A value as Go's `%#v` prints it. */
function goValue(value: Json | undefined): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map((item) => goValue(item as Json)).join(', ')}}`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${goValue(inner as Json)}`).join(', ')}}`;
}
