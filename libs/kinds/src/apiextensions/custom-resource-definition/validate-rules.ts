import { defineRules, parseFieldPath, type RuleProblem, type RuleTree, type StructuralSchema } from '#cel';
import type { Problem } from '#model';
import type { JsonSchema, ValidationRule } from './json-schema.schema.js';
import { forbidden, invalid, required, unsupported } from './problems.js';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** What is wrong with the rules of one part of a schema before anything is compiled. */
export function checkRuleWords(schema: JsonSchema, path: string, problems: Problem[]): void {
  (schema['x-kubernetes-validations'] ?? []).forEach((rule, index) => {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    problems.push(...textProblems(rule, at));
    const { messageExpression, reason, fieldPath } = rule;
    if (messageExpression && messageExpression.trim() === '')
      problems.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'));
    if (reason !== undefined && !REASONS.includes(reason)) problems.push(unsupported(`${at}.reason`, reason, REASONS));
    if (fieldPath) problems.push(...pathProblems(fieldPath, `${at}.fieldPath`, schema));
  });
}

/** Rules of a schema, and the characters of their expressions. */
export interface RuleCount {
  count: number;
  characters: number;
}
/** Compiled rules stay in memory as long as their definition: a rule takes 2 KB, each of its characters up to 100 bytes. */
const RULES_MAX = 2_000;
const CHARACTERS_MAX = 128 * 1024;

export function countRules(schema: JsonSchema, total: RuleCount): void {
  for (const { rule, messageExpression = '' } of schema['x-kubernetes-validations'] ?? []) {
    total.count++;
    total.characters += rule.length + messageExpression.length;
  }
}
export function tooManyRules({ count, characters }: RuleCount, path: string): readonly Problem[] {
  if (count <= RULES_MAX && characters <= CHARACTERS_MAX) return [];
  return [
    forbidden(
      path,
      `has ${count} x-kubernetes-validations rules with ${characters} characters, at most ${RULES_MAX} rules and ${CHARACTERS_MAX} characters are allowed: use fewer or shorter rules`,
    ),
  ];
}

function textProblems({ rule, message = '' }: ValidationRule, at: string): readonly Problem[] {
  const text = rule.trim();
  const said = message.trim();
  if (text === '') return [required(`${at}.rule`, 'rule is not specified')];
  if (message !== '' && said === '')
    return [invalid(`${at}.message`, message, 'message must be non-empty if specified')];
  if (hasLines(said)) return [invalid(`${at}.message`, message, 'message must not contain line breaks')];
  if (hasLines(text) && said === '')
    return [required(`${at}.message`, 'message must be specified if rule contains line breaks')];
  return [];
}
function pathProblems(path: string, field: string, schema: JsonSchema): readonly Problem[] {
  return [
    ...(path.trim() === '' ? [invalid(field, path, 'fieldPath must be non-empty if specified')] : []),
    ...(hasLines(path) ? [invalid(field, path, 'fieldPath must not contain line breaks')] : []),
    ...(typeof parseFieldPath(path, schema as StructuralSchema) === 'string'
      ? [invalid(field, path, 'must be a valid path')]
      : []),
  ];
}
function hasLines(text: string): boolean {
  return /[\n\r]/.test(text);
}

/** The rules of a structural schema with what is wrong with them. Those of `unsound` parts are not compiled. */
export function compiledRules(
  schema: JsonSchema,
  path: string,
  unsound: ReadonlySet<string>,
): { readonly tree: RuleTree | undefined; readonly problems: readonly Problem[] } {
  const { tree, problems } = defineRules(schema as StructuralSchema, { path, skipped: unsound });
  return { tree, problems: problems.map(problemOf) };
}

function problemOf({ path, type, value, detail }: RuleProblem): Problem {
  return { type, field: path, detail, ...(value !== undefined && { value: printedRule(value) }) };
}
/** A rule as the genuine server prints it: with the names of its own fields. */
function printedRule(value: NonNullable<RuleProblem['value']>): unknown {
  if (typeof value !== 'object') return value;
  return {
    Rule: value.rule ?? '',
    Message: value.message ?? '',
    MessageExpression: value.messageExpression ?? '',
    Reason: value.reason ?? null,
    FieldPath: value.fieldPath ?? '',
    OptionalOldSelf: value.optionalOldSelf ?? null,
  };
}
