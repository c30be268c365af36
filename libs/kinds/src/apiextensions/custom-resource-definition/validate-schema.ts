import type { Problem } from '#model';
import type { JsonSchema } from './json-schema.schema.js';
import { forbidden, PROBLEMS_MAX, unsupported } from './problems.js';
import { itemsOf, valuesOf } from './structural/schema.js';
import { checkDefaults } from './validate-defaults.js';
import { checkExtensions } from './validate-extensions.js';
import { checkRuleWords, compiledRules, countRules, tooManyRules, type RuleCount } from './validate-rules.js';
import { structureProblems } from './validate-structure.js';

/**
 * What is wrong with a schema: what is not structural, defaults that do not fit, words that are not supported, rules that
 * cannot be compiled or cost too much.
 */
export function validateSchema(schema: JsonSchema, path: string): readonly Problem[] {
  const structure = structureProblems(schema, path);
  const finding: Finding = { problems: [], unsound: new Set(), rules: { count: 0, characters: 0 } };
  visit(schema, path, finding);
  const excess = tooManyRules(finding.rules, path);
  if (structure.length > 0 || excess.length > 0) return [...structure, ...finding.problems, ...excess];
  const rules = compiledRules(schema, path, finding.unsound);
  const defaults: Problem[] = [];
  checkDefaults(schema, path, { level: 'root', inMetadata: false, rules: rules.tree }, defaults);
  return [...defaults, ...finding.problems, ...(defaults.length > 0 ? [] : rules.problems)];
}

interface Finding {
  readonly problems: Problem[];
  /** Paths of the parts that have problems, or have parts that have some: rules are not compiled in these. */
  readonly unsound: Set<string>;
  readonly rules: RuleCount;
}

function visit(schema: JsonSchema, path: string, finding: Finding): void {
  const { problems, unsound } = finding;
  if (problems.length > PROBLEMS_MAX) return;
  const before = problems.length;
  checkWords(schema, path, problems);
  const values = valuesOf(schema);
  if (values) visit(values, `${path}.additionalProperties`, finding);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    visit(property, `${path}.properties[${name}]`, finding);
  if (schema.not) visit(schema.not, `${path}.not`, finding);
  for (const key of ['allOf', 'oneOf', 'anyOf'] as const)
    (schema[key] ?? []).forEach((part, index) => visit(part, `${path}.${key}[${index}]`, finding));
  const items = itemsOf(schema);
  if (items) visit(items, `${path}.items`, finding);
  checkExtensions(schema, path, problems);
  checkRuleWords(schema, path, problems);
  countRules(schema, finding.rules);
  if (problems.length > before) unsound.add(path);
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
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
  const { type, uniqueItems, additionalProperties, properties } = schema;
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
}
