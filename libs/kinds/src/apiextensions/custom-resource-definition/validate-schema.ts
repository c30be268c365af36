import type { Problem } from '#model';
import { isJsonObject, jsonEquals, type Json } from '#std';
import { embeddedProblems } from './structural/embedded.js';
import { compilePattern } from './structural/pattern.js';
import { prune } from './structural/prune.js';
import { isEmbedded, isIntOrString, itemsOf, keepsUnknown, propertyOf, valuesOf } from './structural/schema.js';
import { schemaProblems } from './structural/validate-value.js';
import type { JsonSchema } from './json-schema.schema.js';

const invalid = (field: string, value: unknown, detail: string): Problem => ({ type: 'Invalid', field, value, detail });
const required = (field: string, detail = ''): Problem => ({ type: 'Required', field, detail });
const forbidden = (field: string, detail: string): Problem => ({ type: 'Forbidden', field, detail });
const unsupported = (field: string, value: string, supported: readonly string[]): Problem => ({
  ...{ type: 'NotSupported', field, value, supported },
  detail: '',
});

type Level = 'root' | 'field' | 'item';
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];
const PROBLEMS_MAX = 500;

/** What is wrong with a schema: words that are not supported, what is not structural, defaults that do not fit. */
export function validateSchema(schema: JsonSchema, path: string): readonly Problem[] {
  const problems: Problem[] = [];
  visit(schema, path, 'root', problems);
  if (problems.length === 0) checkDefaults(schema, path, { level: 'root', inMetadata: false }, problems);
  return problems;
}

function visit(schema: JsonSchema, path: string, level: Level, problems: Problem[]): void {
  if (problems.length > PROBLEMS_MAX) return;
  checkWords(schema, path, problems);
  checkType(schema, path, level, problems);
  checkExtensions(schema, path, problems);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    visit(property, `${path}.properties[${name}]`, 'field', problems);
  const items = itemsOf(schema);
  if (items) visit(items, `${path}.items`, 'item', problems);
  const values = valuesOf(schema);
  if (values) visit(values, `${path}.additionalProperties`, 'field', problems);
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const)
    (schema[key] ?? []).forEach((part, index) => nested(part, schema, `${path}.${key}[${index}]`, problems));
  if (schema.not) nested(schema.not, schema, `${path}.not`, problems);
}

const NOT_ALLOWED = [
  'definitions',
  'dependencies',
  'additionalItems',
  'patternProperties',
  'id',
  '$ref',
  '$schema',
] as const;

function checkWords(schema: JsonSchema, path: string, problems: Problem[]): void {
  const { type, pattern, uniqueItems, additionalProperties, properties } = schema;
  if (uniqueItems === true)
    problems.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (additionalProperties === false)
    problems.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  if (additionalProperties !== undefined && properties !== undefined && Object.keys(properties).length > 0)
    problems.push(
      forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  for (const word of NOT_ALLOWED)
    if (schema[word] !== undefined && schema[word] !== '')
      problems.push(forbidden(`${path}.${word}`, `${word} is not supported`));
  if (Array.isArray(schema.items))
    problems.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  if (type === 'null')
    problems.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  else if (type && !TYPES.includes(type)) problems.push(unsupported(`${path}.type`, type, TYPES));
  if (pattern) {
    const compiled = compilePattern(pattern);
    if (typeof compiled === 'string')
      problems.push(invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${compiled}`));
  }
  if (schema['x-kubernetes-validations']?.length)
    problems.push(
      forbidden(
        `${path}.x-kubernetes-validations`,
        'this server does not evaluate CEL rules yet: leave them out of the definition',
      ),
    );
}

const EMPTY: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};

function checkType(schema: JsonSchema, path: string, level: Level, problems: Problem[]): void {
  const type = schema.type ?? '';
  if (isEmbedded(schema) && type !== 'object') {
    const words = 'must be object if x-kubernetes-embedded-resource is true';
    problems.push(type === '' ? required(`${path}.type`, words) : invalid(`${path}.type`, type, words));
  } else if (type === '' && !isIntOrString(schema) && !keepsUnknown(schema)) {
    problems.push(required(`${path}.type`, EMPTY[level]));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    problems.push(invalid(`${path}.type`, type, 'must be object at the root'));
  if (level === 'root' && type === '' && keepsUnknown(schema)) problems.push(required(`${path}.type`, EMPTY.root));
  if (schema.items === undefined && type === 'array') problems.push(required(`${path}.items`, 'must be specified'));
  if (isIntOrString(schema) && type !== '')
    problems.push(invalid(`${path}.type`, type, 'must be empty if x-kubernetes-int-or-string is true'));
  if (keepsUnknown(schema) && type !== '' && type !== 'object')
    problems.push(invalid(`${path}.type`, type, 'must be object if x-kubernetes-preserve-unknown-fields is true'));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    problems.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  if (isEmbedded(schema) && schema.additionalProperties !== undefined)
    problems.push(
      forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'),
    );
  if (isEmbedded(schema) && !keepsUnknown(schema) && Object.keys(schema.properties ?? {}).length === 0)
    problems.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  if (level === 'root' || isEmbedded(schema)) checkMetadata(schema, path, problems);
}

/** Metadata is what it is of every object: a schema may say something of its names alone. */
function checkMetadata(schema: JsonSchema, path: string, problems: Problem[]): void {
  const metadata = propertyOf(schema, 'metadata');
  if (!metadata) return;
  const at = `${path}.properties[metadata]`;
  if ((metadata.type ?? '') !== 'object') problems.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'));
  const names = Object.keys(metadata.properties ?? {});
  const isMore =
    names.some((name) => name !== 'name' && name !== 'generateName') ||
    Object.keys(metadata).some((key) => !['type', 'properties', 'description', 'default'].includes(key));
  if (isMore)
    problems.push(
      forbidden(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'),
    );
}

function checkExtensions(schema: JsonSchema, path: string, problems: Problem[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const at = `${path}.x-kubernetes-list-type`;
  if (listType !== undefined && schema.type !== 'array')
    problems.push(
      schema.type
        ? invalid(`${path}.type`, schema.type, 'must be array if x-kubernetes-list-type is specified')
        : required(`${path}.type`, 'must be array if x-kubernetes-list-type is specified'),
    );
  if (listType !== undefined && !LIST_TYPES.includes(listType)) problems.push(unsupported(at, listType, LIST_TYPES));
  if (keys.length > 0 && listType !== 'map')
    problems.push(
      listType === undefined
        ? required(at, 'must be map if x-kubernetes-list-map-keys is non-empty')
        : invalid(at, listType, 'must be map if x-kubernetes-list-map-keys is non-empty'),
    );
  if (listType === 'map') checkMapList(schema, path, keys, problems);
  if (listType === 'set') checkSet(schema, path, problems);
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    if (schema.type !== 'object')
      problems.push(
        schema.type
          ? invalid(`${path}.type`, schema.type, 'must be object if x-kubernetes-map-type is specified')
          : required(`${path}.type`, 'must be object if x-kubernetes-map-type is specified'),
      );
    if (!MAP_TYPES.includes(mapType)) problems.push(unsupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES));
  }
}

function checkSet(schema: JsonSchema, path: string, problems: Problem[]): void {
  const items = itemsOf(schema);
  if (!items) return;
  if (items.nullable === true)
    problems.push(forbidden(`${path}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is "set"'));
  const [listType, mapType] = [items['x-kubernetes-list-type'], items['x-kubernetes-map-type']];
  if (items.type === 'object' && mapType !== 'atomic')
    problems.push(
      invalid(
        `${path}.items.x-kubernetes-map-type`,
        mapType ?? '',
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    );
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic')
    problems.push(
      invalid(
        `${path}.items.x-kubernetes-list-type`,
        listType,
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    );
}

function checkMapList(schema: JsonSchema, path: string, keys: readonly string[], problems: Problem[]): void {
  const field = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) problems.push(required(field, 'must not be empty if x-kubernetes-list-type is map'));
  const items = itemsOf(schema);
  if (!items) return;
  if (items.type !== 'object')
    problems.push(
      invalid(`${path}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"),
    );
  if (items.nullable === true)
    problems.push(forbidden(`${path}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is "map"'));
  if (new Set(keys).size < keys.length) problems.push(invalid(field, keys, 'must not contain duplicate entries'));
  if (items.type === 'object' && keys.some((key) => propertyOf(items, key) === undefined)) {
    problems.push(invalid(field, keys, 'entries must all be names of item properties'));
    return;
  }
  for (const key of keys) {
    const property = propertyOf(items, key);
    if (!property) continue;
    const at = `${path}.items.properties[${key}]`;
    if (property.type === 'array' || property.type === 'object')
      problems.push(
        invalid(`${at}.type`, property.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"),
      );
    if (property.nullable === true)
      problems.push(
        forbidden(`${at}.nullable`, 'cannot be nullable when this is a key of a list with x-kubernetes-list-type=map'),
      );
    if (property.default === undefined && items.required?.includes(key) !== true)
      problems.push(
        required(
          `${at}.default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
  }
}

const STRUCTURE = ['type', 'description', 'title', 'nullable'] as const;

/** A schema within allOf, anyOf, oneOf or not: it may constrain values, and not say what they are. */
function nested(part: JsonSchema, whole: JsonSchema, path: string, problems: Problem[]): void {
  if (problems.length > PROBLEMS_MAX) return;
  checkNestedWords(part, path, problems);
  for (const word of STRUCTURE) {
    const value = part[word];
    if (value === undefined || value === '' || value === false) continue;
    // What may be a number or a text says so in the form of old clients.
    if (word === 'type' && isIntOrString(whole) && isChoice(whole)) continue;
    problems.push(
      forbidden(
        `${path}.${word}`,
        word === 'nullable' ? 'must be false to be structural' : 'must be empty to be structural',
      ),
    );
  }
  if (part.default !== undefined) problems.push(forbidden(`${path}.default`, 'must be undefined to be structural'));
  if (part.additionalProperties !== undefined)
    problems.push(forbidden(`${path}.additionalProperties`, 'must be undefined to be structural'));
  for (const [name, property] of Object.entries(part.properties ?? {})) {
    const known = propertyOf(whole, name) ?? valuesOf(whole);
    const at = `${path}.properties[${name}]`;
    if (!known && !keepsUnknown(whole))
      problems.push(
        required(
          `${at.replace(path, path.replace(/\.(allOf|anyOf|oneOf)\[\d+\]|\.not/, ''))}`,
          `because it is defined in ${at.split('openAPIV3Schema.').at(-1)}`,
        ),
      );
    nested(property, known ?? { 'x-kubernetes-preserve-unknown-fields': true }, at, problems);
  }
  const items = itemsOf(part);
  if (items) nested(items, itemsOf(whole) ?? {}, `${path}.items`, problems);
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const)
    (part[key] ?? []).forEach((inner, index) => nested(inner, whole, `${path}.${key}[${index}]`, problems));
  if (part.not) nested(part.not, whole, `${path}.not`, problems);
}
function checkNestedWords(part: JsonSchema, path: string, problems: Problem[]): void {
  if (part.pattern) {
    const compiled = compilePattern(part.pattern);
    if (typeof compiled === 'string')
      problems.push(
        invalid(`${path}.pattern`, part.pattern, `must be a valid regular expression, but isn't: ${compiled}`),
      );
  }
  for (const word of Object.keys(part))
    if (word.startsWith('x-kubernetes-')) problems.push(forbidden(`${path}.${word}`, 'must be false to be structural'));
}
function isChoice({ anyOf, allOf }: JsonSchema): boolean {
  const choice = anyOf ?? allOf?.[0]?.anyOf;
  return (
    choice?.length === 2 &&
    jsonEquals(
      choice.map(({ type }) => type),
      ['integer', 'string'],
    )
  );
}

interface Where {
  readonly level: Level;
  readonly inMetadata: boolean;
}

/** Defaults must fit their schema, be complete and have no unknown fields. */
function checkDefaults(schema: JsonSchema, path: string, { level, inMetadata }: Where, problems: Problem[]): void {
  if (problems.length > PROBLEMS_MAX) return;
  const field = `${path}.default`;
  const { default: value } = schema;
  if (value !== undefined) {
    if (inMetadata) problems.push(forbidden(field, 'must not be set in top-level metadata'));
    else problems.push(...defaultProblems(value, schema, field, level));
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.properties[${name}]`;
    const isOwn = level === 'root' && (name === 'apiVersion' || name === 'kind');
    if (isOwn && property.default !== undefined)
      problems.push(forbidden(`${at}.default`, `must not be set in top-level ${name}`));
    else
      checkDefaults(
        property,
        at,
        { level: 'field', inMetadata: inMetadata || (level === 'root' && name === 'metadata') },
        problems,
      );
  }
  const items = itemsOf(schema);
  if (items) checkDefaults(items, `${path}.items`, { level: 'item', inMetadata }, problems);
  const values = valuesOf(schema);
  if (values) checkDefaults(values, `${path}.additionalProperties`, { level: 'field', inMetadata }, problems);
}

/** Words name the place within the value, fields the place of the default. A default is not completed before it is checked. */
function defaultProblems(value: Json, schema: JsonSchema, field: string, level: Level): readonly Problem[] {
  if (isJsonObject(value) && prune(value, { ...schema, type: 'object' }).unknown.length > 0)
    return [invalid(field, value, 'must not have unknown fields')];
  const wrong = isIntOrString(schema) ? [] : schemaProblems(value, schema);
  const asObject = level === 'root' ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema;
  return [
    ...wrong.map((problem) => placed(problem, field)),
    ...(level === 'root' || isEmbedded(schema) ? embeddedProblems(value, asObject, field) : []),
  ];
}
function placed(problem: Problem, field: string): Problem {
  if (problem.field === '<nil>') return problem;
  return { ...problem, field: problem.field === '' ? field : `${field}.${problem.field}` };
}
