import { duplicate, invalid, notSupported, qualifiedName, required, tooLong } from '#meta';
import type { Problem } from '#model';
import { each, items, nonNegative, type Problems } from '../validation/checks.js';
import { countIndexes, parseIndexes } from './indexes.js';
import type { PodFailurePolicyRule, SuccessPolicyRule } from './policies.schema.js';
import type { JobSpec } from './job-spec.schema.js';

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const CONDITIONS_MAX = 20;
const SUCCEEDED_INDEXES_BYTES_MAX = 64 * 1024;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];

export function podFailurePolicyProblems(field: string, spec: JobSpec): Problems {
  const rules = items(spec.podFailurePolicy?.rules);
  const { containers, initContainers } = spec.template.spec ?? {};
  const containerNames = new Set([...items(containers), ...items(initContainers)].map(({ name }) => name));
  return [
    ...atMost(`${field}.rules`, rules.length, RULES_MAX),
    ...rules.flatMap((rule, i) => failureRuleProblems(`${field}.rules[${i}]`, rule, { spec, containerNames })),
  ];
}

interface RuleContext {
  readonly spec: JobSpec;
  readonly containerNames: ReadonlySet<string>;
}
function failureRuleProblems(field: string, rule: PodFailurePolicyRule, context: RuleContext): Problems {
  const conditions = items(rule.onPodConditions);
  const found: Problem[] = [...actionProblems(`${field}.action`, rule.action, context.spec)];
  if (rule.onExitCodes) {
    found.push(...exitCodeProblems(`${field}.onExitCodes`, rule.onExitCodes, context.containerNames));
  }
  found.push(...atMost(`${field}.onPodConditions`, conditions.length, CONDITIONS_MAX));
  conditions.forEach(({ type, status }, i) => {
    const at = `${field}.onPodConditions[${i}]`;
    found.push(...each(`${at}.type`, type, qualifiedName(type)), ...word(`${at}.status`, status, STATUSES));
  });
  const isBoth = rule.onExitCodes !== undefined && conditions.length > 0;
  if (isBoth) found.push(whole(field, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  const isNeither = rule.onExitCodes === undefined && conditions.length === 0;
  if (isNeither) found.push(whole(field, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return found;
}

function actionProblems(field: string, action: string, spec: JobSpec): Problems {
  if (action !== 'FailIndex') return word(field, action, ACTIONS);
  if (spec.backoffLimitPerIndex !== undefined) return [];
  return [invalid(field, action, 'requires the backoffLimitPerIndex to be set')];
}

function exitCodeProblems(
  field: string,
  { operator, containerName, values: given }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  containerNames: ReadonlySet<string>,
): Problems {
  const found: Problem[] = [...word(`${field}.operator`, operator, OPERATORS)];
  if (containerName !== undefined && !containerNames.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    found.push(invalid(`${field}.containerName`, containerName, detail));
  }
  const values = items(given);
  if (values.length === 0) found.push(invalid(`${field}.values`, given, 'at least one value is required'));
  found.push(...atMost(`${field}.values`, values.length, EXIT_CODES_MAX));
  const seen = new Set<number>();
  values.forEach((value, i) => {
    const at = `${field}.values[${i}]`;
    if (operator === 'In' && value === 0) found.push(invalid(at, value, 'must not be 0 for the In operator'));
    if (seen.has(value)) found.push(duplicate(at, value));
    seen.add(value);
  });
  const isOrdered = values.every((value, i) => i === 0 || (values[i - 1] ?? value) <= value);
  return isOrdered ? found : [...found, invalid(`${field}.values`, values, 'must be ordered')];
}

export function successPolicyProblems(field: string, spec: JobSpec): Problems {
  const rules = items(spec.successPolicy?.rules);
  const at = `${field}.rules`;
  return [
    ...(rules.length === 0
      ? [required(at, 'at least one rules must be specified when the successPolicy is specified')]
      : []),
    ...atMost(at, rules.length, RULES_MAX),
    ...rules.flatMap((rule, i) => successRuleProblems(`${at}[${i}]`, rule, spec.completions ?? 0)),
  ];
}

function successRuleProblems(field: string, rule: SuccessPolicyRule, completions: number): Problems {
  const { succeededIndexes: indexes, succeededCount: count } = rule;
  const found: Problem[] = [];
  if (indexes === undefined && count === undefined) {
    found.push(required(field, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let total = 0;
  if (indexes !== undefined) {
    const at = `${field}.succeededIndexes`;
    if (indexes.length > SUCCEEDED_INDEXES_BYTES_MAX) found.push(tooLong(at, SUCCEEDED_INDEXES_BYTES_MAX));
    const read = parseIndexes(indexes, completions);
    if (read.ok) total = countIndexes(read.value);
    else found.push(invalid(at, indexes, `error parsing succeededIndexes: ${read.message}`));
  }
  if (count === undefined) return found;
  const at = `${field}.succeededCount`;
  found.push(...nonNegative(at, count));
  if (count > completions) found.push(invalid(at, count, above(completions, 'specified completions')));
  if (indexes !== undefined && count > total) {
    found.push(invalid(at, count, above(total, 'indexes in the specified succeededIndexes field')));
  }
  return found;
}
function above(count: number, what: string): string {
  return `must be less than or equal to ${count} (the number of ${what})`;
}

/** A text that must be there and be one of these; a missing one is told which there are. */
function word(field: string, value: string | undefined, supported: readonly string[]): Problems {
  if (!value) return [required(field, `valid values: [${supported.map((s) => `"${s}"`).join(' ')}]`)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}
function atMost(field: string, count: number, max: number): Problems {
  if (count <= max) return [];
  return [{ type: 'TooMany', field, value: count, detail: `must have at most ${max} items` }];
}
/** A problem of a part as such, whose value would say nothing. */
function whole(field: string, detail: string): Problem {
  return { ...invalid(field, undefined, detail), omitsValue: true };
}
