import { problemText, type Problem } from '#model';
import { jsonEquals } from '#std';
import type { JsonSchema } from './json-schema.schema.js';
import { forbidden, invalid, PROBLEMS_MAX, required } from './problems.js';
import { compilePattern } from './structural/pattern.js';
import { isEmbedded, isIntOrString, itemsOf, keepsUnknown, propertyOf, valuesOf } from './structural/schema.js';

export type Level = 'root' | 'field' | 'item';

/** What keeps a schema from being structural, in the order of the texts. */
export function structureProblems(schema: JsonSchema, path: string): readonly Problem[] {
  const problems: Problem[] = [];
  checkPart(schema, path, 'root', problems);
  checkCompleteness(schema, schema, { stated: path, used: path }, problems);
  const textOf = (problem: Problem): string => `${problem.field}: ${problemText(problem)}`;
  const sorted = problems.map((problem) => ({ problem, text: textOf(problem) }));
  return sorted.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ problem }) => problem);
}

function checkPart(schema: JsonSchema, path: string, level: Level, problems: Problem[]): void {
  if (problems.length > PROBLEMS_MAX) return;
  checkType(schema, path, level, problems);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkPart(property, `${path}.properties[${name}]`, 'field', problems);
  const items = itemsOf(schema);
  if (items) checkPart(items, `${path}.items`, 'item', problems);
  const values = valuesOf(schema);
  if (values) checkPart(values, `${path}.additionalProperties`, 'field', problems);
  checkValues(schema, path, isOldIntOrString(schema), problems);
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
  if (isIntOrString(schema))
    for (const word of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
      if (schema[word] === true)
        problems.push(invalid(`${path}.${word}`, true, 'must be false if x-kubernetes-int-or-string is true'));
  if (level === 'root' && schema.additionalProperties !== undefined)
    problems.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  if (level === 'root' || isEmbedded(schema)) checkMetadata(schema, path, level, problems);
}

/** Metadata is what it is of every object: the schema of a whole object may say something of its names alone. */
function checkMetadata(schema: JsonSchema, path: string, level: Level, problems: Problem[]): void {
  for (const name of ['kind', 'apiVersion']) {
    const own = propertyOf(schema, name);
    if (own && own.type !== 'string')
      problems.push(invalid(`${path}.properties[${name}].type`, own.type ?? '', 'must be string'));
  }
  const metadata = propertyOf(schema, 'metadata');
  if (!metadata) return;
  const at = `${path}.properties[metadata]`;
  if ((metadata.type ?? '') !== 'object') problems.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'));
  if (level !== 'root') return;
  const names = Object.keys(metadata.properties ?? {});
  const isMore =
    names.some((name) => name !== 'name' && name !== 'generateName') ||
    Object.keys(metadata).some((key) => !['type', 'properties', 'description', 'default'].includes(key));
  if (isMore)
    problems.push(
      forbidden(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'),
    );
}

const LOGIC = ['allOf', 'anyOf', 'oneOf'] as const;

/** What a schema says of values: patterns, and schemas that must hold besides. */
function checkValues(
  schema: JsonSchema,
  path: string,
  { anyOf: isAnySkipped = false, firstAllOf = false }: OldIntOrString,
  problems: Problem[],
): void {
  for (const key of LOGIC)
    (schema[key] ?? []).forEach((part, index) => {
      if (key === 'anyOf' && isAnySkipped) return;
      const skipped = { anyOf: key === 'allOf' && index === 0 && firstAllOf };
      checkNested(part, `${path}.${key}[${index}]`, skipped, problems);
    });
  if (schema.not) checkNested(schema.not, `${path}.not`, {}, problems);
  const compiled = schema.pattern ? compilePattern(schema.pattern) : undefined;
  if (typeof compiled === 'string')
    problems.push(
      invalid(`${path}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${compiled}`),
    );
}

const EMPTY_WORD = 'must be empty to be structural';
const FALSE_WORD = 'must be false to be structural';
const UNDEFINED_WORD = 'must be undefined to be structural';
/** What says what values are may not stand in a schema that must hold besides. */
const STRUCTURAL: readonly (readonly [keyof JsonSchema, string])[] = [
  ['type', EMPTY_WORD],
  ['additionalProperties', UNDEFINED_WORD],
  ['default', UNDEFINED_WORD],
  ['title', EMPTY_WORD],
  ['description', EMPTY_WORD],
  ['nullable', FALSE_WORD],
  ['externalDocs', UNDEFINED_WORD],
  ['x-kubernetes-preserve-unknown-fields', FALSE_WORD],
  ['x-kubernetes-embedded-resource', FALSE_WORD],
  ['x-kubernetes-int-or-string', FALSE_WORD],
  ['x-kubernetes-list-map-keys', EMPTY_WORD],
  ['x-kubernetes-list-type', UNDEFINED_WORD],
  ['x-kubernetes-map-type', UNDEFINED_WORD],
  ['x-kubernetes-validations', EMPTY_WORD],
];

/** A schema within allOf, anyOf, oneOf or not: it may constrain values, and not say what they are. */
function checkNested(part: JsonSchema, path: string, skipped: OldIntOrString, problems: Problem[]): void {
  if (problems.length > PROBLEMS_MAX) return;
  checkValues(part, path, skipped, problems);
  const items = itemsOf(part);
  if (items) checkNested(items, `${path}.items`, {}, problems);
  for (const [name, property] of Object.entries(part.properties ?? {}))
    checkNested(property, `${path}.properties[${name}]`, {}, problems);
  for (const [word, detail] of STRUCTURAL) {
    const value: unknown = part[word];
    const isAbsent = value === undefined || value === '' || value === false || (Array.isArray(value) && !value.length);
    if (!isAbsent || (value === false && word === 'additionalProperties'))
      problems.push(forbidden(`${path}.${word}`, detail));
  }
  if (propertyOf(part, 'metadata'))
    problems.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
}

/** Which parts are not looked at, as old clients write an integer or a string so. */
interface OldIntOrString {
  readonly anyOf?: boolean;
  readonly firstAllOf?: boolean;
}
function isOldIntOrString({ anyOf, allOf }: JsonSchema): OldIntOrString {
  return { anyOf: isChoice(anyOf), firstAllOf: isChoice(allOf?.[0]?.anyOf) };
}
function isChoice(anyOf: readonly JsonSchema[] | undefined): boolean {
  return anyOf !== undefined && jsonEquals(anyOf, [{ type: 'integer' }, { type: 'string' }]);
}

interface Paths {
  /** Path of the part that should be there. */
  readonly stated: string;
  /** Path of the part that speaks of it. */
  readonly used: string;
}

/** Parts that the schemas in the logic of the whole schema speak of have to be stated outside of it. */
function checkCompleteness(part: JsonSchema, whole: JsonSchema, paths: Paths, problems: Problem[]): void {
  if (problems.length > PROBLEMS_MAX) return;
  for (const key of LOGIC)
    (part[key] ?? []).forEach((inner, index) =>
      checkNestedCompleteness(inner, whole, { ...paths, used: `${paths.used}.${key}[${index}]` }, problems),
    );
  if (part.not) checkNestedCompleteness(part.not, whole, { ...paths, used: `${paths.used}.not` }, problems);
}
function checkNestedCompleteness(part: JsonSchema, whole: JsonSchema, paths: Paths, problems: Problem[]): void {
  checkCompleteness(part, whole, paths, problems);
  const inner = (step: string, used: JsonSchema, stated: JsonSchema | undefined): void => {
    const at: Paths = { stated: `${paths.stated}.${step}`, used: `${paths.used}.${step}` };
    if (stated) checkNestedCompleteness(used, stated, at, problems);
    else problems.push(required(at.stated, `because it is defined in ${at.used}`));
  };
  const items = itemsOf(part);
  if (items) inner('items', items, itemsOf(whole));
  for (const [name, property] of Object.entries(part.properties ?? {}))
    inner(`properties[${name}]`, property, propertyOf(whole, name));
}
