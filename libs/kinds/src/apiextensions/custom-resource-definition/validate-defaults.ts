import type { Budget, RuleTree } from '#cel';
import type { Problem } from '#model';
import { isJsonObject, type Json } from '#std';
import type { JsonSchema } from './json-schema.schema.js';
import { forbidden, invalid, PROBLEMS_MAX } from './problems.js';
import { embeddedProblems } from './structural/embedded.js';
import { prune } from './structural/prune.js';
import { isEmbedded, isIntOrString, itemsOf, valuesOf } from './structural/schema.js';
import { ruleProblems, RULES_COST_MAX } from './structural/rules.js';
import { schemaProblems } from './structural/validate-value.js';
import type { Level } from './validate-structure.js';

interface Where {
  readonly level: Level;
  readonly inMetadata: boolean;
  /** Rules of the schema and of what is in it. */
  readonly rules: RuleTree | undefined;
}

/** Defaults must fit their schema, keep its rules, be complete and have no unknown fields. */
export function checkDefaults(schema: JsonSchema, path: string, where: Where, problems: Problem[]): void {
  checkPart(schema, path, where, { problems, budget: { left: RULES_COST_MAX } });
}

interface Finding {
  readonly problems: Problem[];
  readonly budget: Budget;
}

function checkPart(schema: JsonSchema, path: string, where: Where, finding: Finding): void {
  const { level, inMetadata, rules } = where;
  const { problems } = finding;
  if (problems.length > PROBLEMS_MAX) return;
  const field = `${path}.default`;
  if (schema.default !== undefined) {
    if (inMetadata) problems.push(forbidden(field, 'must not be set in top-level metadata'));
    else checkDefault(schema.default, schema, { ...where, field }, finding);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.properties[${name}]`;
    const isOwn = level === 'root' && (name === 'apiVersion' || name === 'kind');
    const isMetadata = inMetadata || (level === 'root' && name === 'metadata');
    if (isOwn && property.default !== undefined)
      problems.push(forbidden(`${at}.default`, `must not be set in top-level ${name}`));
    else {
      const inner: Where = { level: 'field', inMetadata: isMetadata, rules: rules?.properties.get(name) };
      checkPart(property, at, inner, finding);
    }
  }
  const items = itemsOf(schema);
  if (items) checkPart(items, `${path}.items`, { level: 'item', inMetadata, rules: rules?.items }, finding);
  const values = valuesOf(schema);
  if (values)
    checkPart(values, `${path}.additionalProperties`, { level: 'field', inMetadata, rules: rules?.values }, finding);
}

/** Words name the place within the value, fields the place of the default. A default is not completed before it is checked. */
function checkDefault(
  value: Json,
  schema: JsonSchema,
  { level, rules, field }: Where & { readonly field: string },
  { problems, budget }: Finding,
): void {
  if (isJsonObject(value) && prune(value, { ...schema, type: 'object' }).unknown.length > 0)
    return void problems.push(invalid(field, value, 'must not have unknown fields'));
  const wrong = isIntOrString(schema) ? [] : schemaProblems(value, schema);
  const asObject = level === 'root' ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema;
  const found = [
    ...wrong.map((problem) => placed(problem, field)),
    ...(level === 'root' || isEmbedded(schema) ? embeddedProblems(value, asObject, field) : []),
  ];
  problems.push(...found);
  if (found.length === 0 && rules) problems.push(...ruleProblems(rules, value, { old: value, budget, field }));
}
function placed(problem: Problem, field: string): Problem {
  if (problem.field === '<nil>') return problem;
  return { ...problem, field: problem.field === '' ? field : `${field}.${problem.field}` };
}
