import type { Problem } from '#model';
import { isJsonObject, jsonEquals, type Json, type JsonObject } from '#std';
import { hasFormat } from './formats.js';
import { compilePattern } from './pattern.js';
import { isIntOrString, itemsOf, propertyOf, valuesOf, type JsonSchema } from './schema.js';

/**
 * A schema can say as much about each value as it has bytes: what client and schema together may cost is bounded, in values
 * checked against a schema.
 */
const STEPS_MAX = 500_000;
/** So many problems are told. */
const PROBLEMS_MAX = 1000;

interface Checking {
  readonly problems: Problem[];
  stepsLeft: number;
  isRatcheting: boolean;
}
interface Place {
  readonly path: string;
  /** The value that was there before, where one can be found. */
  readonly old?: Json | undefined;
}

/** What is wrong with a value by its schema, in Kubernetes' words. `path` is '' for the whole object. */
export function schemaProblems(value: Json, schema: JsonSchema, path = '', old?: Json): readonly Problem[] {
  const checking: Checking = { problems: [], stepsLeft: STEPS_MAX, isRatcheting: false };
  check(value, schema, { path }, checking);
  if (checking.problems.length > 0 && old !== undefined && checking.stepsLeft >= 0) {
    // What was there and is not changed may stay, whatever the schema says now.
    checking.problems.length = 0;
    checking.isRatcheting = true;
    check(value, schema, { path, old }, checking);
  }
  if (checking.stepsLeft < 0)
    checking.problems.push({
      ...{ type: 'Forbidden', field: path || '<nil>' },
      detail: 'the schema has too many parts for a value of this size: make either of them smaller',
    });
  return checking.problems;
}

function check(value: Json, schema: JsonSchema, place: Place, checking: Checking): void {
  const { path, old } = place;
  if (--checking.stepsLeft < 0 || checking.problems.length >= PROBLEMS_MAX) return;
  if (checking.isRatcheting && old !== undefined && jsonEquals(value, old)) return;
  const problem = (one: Problem): void => void checking.problems.push(one);
  if (value === null && schema.nullable === true) return;
  if (!hasType(value, schema)) {
    const type = typeName(value);
    const wanted = isIntOrString(schema) ? 'integer,string' : (schema.type ?? '');
    problem({
      ...{ type: 'TypeInvalid', field: path, value: type },
      detail: inBody(path, `must be of type ${wanted}: "${type}"`),
    });
    checkEnum(value, schema, path, problem);
    return;
  }
  checkEnum(value, schema, path, problem);
  if (typeof value === 'string') checkText(value, schema, path, problem);
  else if (typeof value === 'number') checkNumber(value, schema, path, problem);
  else if (Array.isArray(value)) checkList(value as readonly Json[], schema, place, checking);
  else if (isJsonObject(value)) checkObject(value, schema, place, checking);
  checkLogic(value, schema, path, checking);
}

export function inBody(path: string, words: string): string {
  return `${path} in body ${words}`;
}

function hasType(value: Json, schema: JsonSchema): boolean {
  if (isIntOrString(schema)) return typeof value === 'string' || Number.isInteger(value);
  switch (schema.type ?? '') {
    case '':
      return true;
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
    default:
      return typeof value === schema.type;
  }
}
export function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

type Tell = (problem: Problem) => void;

function checkEnum(value: Json, schema: JsonSchema, path: string, tell: Tell): void {
  if (!schema.enum || schema.enum.some((one) => jsonEquals(one, value))) return;
  const supported = schema.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  tell({ ...{ type: 'NotSupported', field: path, value, supported }, detail: '' });
}

function checkText(text: string, schema: JsonSchema, path: string, tell: Tell): void {
  const { maxLength, minLength, pattern, format } = schema;
  const length = maxLength === undefined && minLength === undefined ? 0 : lengthOf(text);
  if (maxLength !== undefined && length > maxLength)
    tell({
      type: 'TooLong',
      field: path,
      detail: `may not be more than ${maxLength} ${maxLength === 1 ? 'byte' : 'bytes'}`,
    });
  if (minLength !== undefined && length < minLength)
    tell({
      ...{ type: 'Invalid', field: path, value: text },
      detail: inBody(path, `should be at least ${minLength} chars long`),
    });
  if (pattern) {
    const compiled = compilePattern(pattern);
    if (typeof compiled === 'string' || !compiled.matches(text))
      tell({ ...{ type: 'Invalid', field: path, value: text }, detail: inBody(path, `should match '${pattern}'`) });
  }
  if (format && !hasFormat(format, text))
    tell({
      ...{ type: 'TypeInvalid', field: path, value: text },
      detail: inBody(path, `must be of type ${format}: ${JSON.stringify(text)}`),
    });
}
/** Characters, of which a pair of surrogates is one. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 1; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) length--;
  return length;
}

function checkNumber(value: number, schema: JsonSchema, path: string, tell: Tell): void {
  const say = (words: string): void =>
    tell({ ...{ type: 'Invalid', field: path, value }, detail: inBody(path, words) });
  const { maximum, minimum, multipleOf } = schema;
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf))
    say(`should be a multiple of ${multipleOf}`);
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum === true && value >= maximum) say(`should be less than ${maximum}`);
    else if (value > maximum) say(`should be less than or equal to ${maximum}`);
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum === true && value <= minimum) say(`should be greater than ${minimum}`);
    else if (value < minimum) say(`should be greater than or equal to ${minimum}`);
  }
}

/** Numbers have no exact thirds or tenths: the nearest multiple is one. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) <= Number.EPSILON * Math.max(1, Math.abs(times)) * 4;
}

function checkList(items: readonly Json[], schema: JsonSchema, { path, old }: Place, checking: Checking): void {
  const { maxItems, minItems } = schema;
  const known = itemsOf(schema);
  if (known) {
    const before = checking.isRatcheting ? oldItems(old, schema) : undefined;
    items.forEach((item, index) =>
      check(item, known, { path: `${path}[${index}]`, old: before?.get(keyOf(item, schema) ?? '') }, checking),
    );
  }
  if (maxItems !== undefined && items.length > maxItems) checking.problems.push(tooMany(path, items.length, maxItems));
  if (minItems !== undefined && items.length < minItems)
    checking.problems.push({
      ...{ type: 'Invalid', field: path, value: items.length },
      detail: inBody(path, `should have at least ${minItems} items`),
    });
}

/** Items of a list of type map can be found again by their keys; those of other lists cannot. */
function oldItems(old: Json | undefined, schema: JsonSchema): ReadonlyMap<string, Json> {
  const items = new Map<string, Json>();
  if (!Array.isArray(old)) return items;
  for (const item of old as readonly Json[]) {
    const key = keyOf(item, schema);
    if (key !== undefined) items.set(key, item);
  }
  return items;
}
function keyOf(item: Json, schema: JsonSchema): string | undefined {
  if (schema['x-kubernetes-list-type'] !== 'map' || !isJsonObject(item)) return undefined;
  return JSON.stringify((schema['x-kubernetes-list-map-keys'] ?? []).map((key) => item[key] ?? null));
}

function tooMany(field: string, found: number, max: number): Problem {
  return {
    ...{ type: 'TooMany', field, value: found },
    detail: `must have at most ${max} ${max === 1 ? 'item' : 'items'}`,
  };
}

function checkObject(value: JsonObject, schema: JsonSchema, { path, old }: Place, checking: Checking): void {
  const { maxProperties, minProperties, required } = schema;
  const names = Object.keys(value);
  if (maxProperties !== undefined && names.length > maxProperties)
    checking.problems.push(tooMany(path, names.length, maxProperties));
  if (minProperties !== undefined && names.length < minProperties)
    checking.problems.push({
      ...{ type: 'Invalid', field: path, value: names.length },
      detail: inBody(path, `should have at least ${minProperties} properties`),
    });
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const name of required ?? [])
    if (!Object.hasOwn(value, name)) checking.problems.push({ type: 'Required', field: below(name), detail: '' });
  const values = valuesOf(schema);
  for (const name of names) {
    const known = propertyOf(schema, name) ?? values;
    const inner = value[name];
    if (!known || inner === undefined) continue;
    const before = isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
    check(inner, known, { path: below(name), old: before }, checking);
  }
}

/** Schemas of which all, one or none must hold. Their own problems are told where they decide. */
function checkLogic(value: Json, schema: JsonSchema, path: string, checking: Checking): void {
  const { allOf, anyOf, oneOf, not } = schema;
  if (!allOf && !anyOf && !oneOf && !not) return;
  const told: Problem[] = [];
  const say = (words: string): void =>
    void told.push({ ...{ type: 'Invalid', field: '<nil>', value: '' }, detail: `"${path}" ${words}` });
  if (anyOf) {
    const failed = failures(value, anyOf, path, checking);
    if (failed.every((problems) => problems.length > 0)) {
      say('must validate at least one schema (anyOf)');
      told.push(...nearest(failed));
    }
  }
  if (oneOf) {
    const failed = failures(value, oneOf, path, checking);
    const valid = failed.filter((problems) => problems.length === 0).length;
    if (valid === 0) {
      say('must validate one and only one schema (oneOf). Found none valid');
      told.push(...nearest(failed));
    } else if (valid > 1) say(`must validate one and only one schema (oneOf). Found ${valid} valid alternatives`);
  }
  if (allOf) {
    const failed = failures(value, allOf, path, checking);
    const wrong = failed.filter((problems) => problems.length > 0);
    for (const problems of wrong) told.push(...problems);
    if (wrong.length > 0)
      say(`must validate all the schemas (allOf)${wrong.length === allOf.length ? '. None validated' : ''}`);
  }
  if (not && failures(value, [not], path, checking)[0]?.length === 0) say('must not validate the schema (not)');
  checking.problems.push(...told);
}

function failures(
  value: Json,
  schemas: readonly JsonSchema[],
  path: string,
  checking: Checking,
): readonly (readonly Problem[])[] {
  return schemas.map((schema) => {
    const inner: Checking = { problems: [], stepsLeft: checking.stepsLeft, isRatcheting: false };
    check(value, schema, { path }, inner);
    checking.stepsLeft = inner.stepsLeft;
    return inner.problems;
  });
}
/** The problems of the schema that the value is nearest to, the first of equals. */
function nearest(failed: readonly (readonly Problem[])[]): readonly Problem[] {
  return failed.reduce((best, problems) => (problems.length < best.length ? problems : best), failed[0] ?? []);
}
