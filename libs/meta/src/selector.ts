import { valueOf } from '#std';
import { parsed, unparsed, type Parsed } from './problem.js';
import { makeRequirement, parseRequirements, sortedByKey, type Operator, type Requirement } from './selector-parser.js';

export type { Operator, Requirement } from './selector-parser.js';

export type Labels = { readonly [key: string]: string };

/** A compiled label selector: made once, asked often. */
export interface LabelMatcher {
  readonly requirements: readonly Requirement[];
  /** True when every set of labels matches. */
  readonly everything: boolean;
  /** True when none can. */
  readonly nothing: boolean;
  matches(labels: Labels | undefined): boolean;
}

/** `matchLabels` and `matchExpressions` as objects carry them. */
export interface LabelSelector {
  readonly matchLabels?: Labels | null;
  readonly matchExpressions?: readonly LabelExpression[] | null;
}
export interface LabelExpression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | null;
}

/** Compiles `app=web,tier in (a,b)`; the message is what Kubernetes answers with 400. */
export function parseLabelSelector(text: string): Parsed<LabelMatcher> {
  const requirements = parseRequirements(text);
  return requirements.ok ? parsed(matcherOf(requirements.value)) : requirements;
}

const compiled = new WeakMap<object, Parsed<LabelMatcher>>();

/** Compiles the selector of an object. None at all matches nothing, an empty one everything. */
export function labelMatcher(selector: LabelSelector | null | undefined): Parsed<LabelMatcher> {
  if (selector === null || selector === undefined) return parsed(NOTHING);
  let made = compiled.get(selector);
  if (made === undefined) {
    made = compile(selector);
    compiled.set(selector, made);
  }
  return made;
}

/** Whether a selector matches; a selector that does not compile matches nothing. */
export function selectorMatches(selector: LabelSelector | null | undefined, labels: Labels | undefined): boolean {
  const made = labelMatcher(selector);
  return made.ok && made.value.matches(labels);
}

/** Compiles a plain map of labels (Service and ReplicationController selectors). Empty matches everything. */
export function mapMatcher(labels: Labels | null | undefined): LabelMatcher {
  if (labels === null || labels === undefined) return EVERYTHING;
  return matcherOf(equalities(labels));
}

/** The text of a selector, as `status.selector` of a Scale shows it. */
export function selectorText(selector: LabelSelector | null | undefined): string {
  const made = labelMatcher(selector);
  return made.ok ? requirementsText(made.value.requirements) : '';
}
export function requirementsText(requirements: readonly Requirement[]): string {
  return requirements.map(requirementText).join(',');
}

function compile(selector: LabelSelector): Parsed<LabelMatcher> {
  const requirements: Requirement[] = [...equalities(selector.matchLabels ?? {})];
  for (const expression of selector.matchExpressions ?? []) {
    const operator = OPERATORS.get(expression.operator);
    if (operator === undefined) {
      return unparsed(`${JSON.stringify(expression.operator)} is not a valid label selector operator`);
    }
    const one = makeRequirement(expression.key, operator, expression.values ?? []);
    if (!one.ok) return one;
    requirements.push(one.value);
  }
  return parsed(matcherOf(sortedByKey(requirements)));
}
const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

function equalities(labels: Labels): readonly Requirement[] {
  return Object.keys(labels)
    .sort()
    .map((key): Requirement => ({ key, operator: '=', values: [labels[key] ?? ''] }));
}

type Test = (labels: Labels) => boolean;
const NO_LABELS: Labels = {};

export function matcherOf(requirements: readonly Requirement[]): LabelMatcher {
  const tests = requirements.map(testOf);
  const [only] = tests;
  let matches: Test;
  if (only === undefined) matches = () => true;
  else if (tests.length === 1) matches = only;
  else matches = (labels) => tests.every((test) => test(labels));
  return {
    requirements,
    everything: tests.length === 0,
    nothing: false,
    matches: (labels) => matches(labels ?? NO_LABELS),
  };
}
const EVERYTHING = matcherOf([]);
const NOTHING: LabelMatcher = { requirements: [], everything: false, nothing: true, matches: () => false };

function testOf({ key, operator, values }: Requirement): Test {
  const [first] = values;
  switch (operator) {
    case 'exists':
      return (labels) => valueOf(labels, key) !== undefined;
    case '!':
      return (labels) => valueOf(labels, key) === undefined;
    case '=':
    case '==':
      return (labels) => valueOf(labels, key) === first;
    case '!=':
      return (labels) => valueOf(labels, key) !== first;
    case 'in': {
      const wanted = new Set<string | undefined>(values);
      return (labels) => wanted.has(valueOf(labels, key));
    }
    case 'notin': {
      const unwanted = new Set<string | undefined>(values);
      return (labels) => !unwanted.has(valueOf(labels, key));
    }
    case 'gt':
      return (labels) => comparesTo(valueOf(labels, key), first, (a, b) => a > b);
    case 'lt':
      return (labels) => comparesTo(valueOf(labels, key), first, (a, b) => a < b);
  }
}
function comparesTo(
  label: string | undefined,
  bound: string | undefined,
  test: (a: bigint, b: bigint) => boolean,
): boolean {
  const left = integer(label);
  const right = integer(bound);
  return left !== undefined && right !== undefined && test(left, right);
}
function integer(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'gt':
      return `${key}>${values[0] ?? ''}`;
    case 'lt':
      return `${key}<${values[0] ?? ''}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    default:
      return `${key}${operator}${values[0] ?? ''}`;
  }
}
