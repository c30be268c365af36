import { compose, type Budget, type Compiled, type Variables } from '#cel';
import { byteLength } from '#meta';
import { policyExpressions } from '../../admissionregistration/validatingadmissionpolicy/expressions.js';
import type { PolicySpec, PolicyValidation } from '../../admissionregistration/validatingadmissionpolicy/schema.js';
import { items } from '../../validation/checks.js';
import { conditionsMatch } from './conditions.js';
import { evaluated, type Within } from './evaluation.js';

/** What one expression of a policy has against a request. */
export interface Failure {
  /** Index of the validation; 0 for what the policy as a whole has against it. */
  readonly index: number;
  readonly message: string;
  readonly reason: string;
}
/** What a policy says of a request with one parameter. */
export interface Verdict {
  readonly failures: readonly Failure[];
  /** Annotations of the audit event, in the order of the policy. */
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
  /** Annotations that cannot be made refuse the request, whatever the binding says. */
  readonly annotationErrors: readonly string[];
}
const NOTHING: Verdict = { failures: [], annotations: [], annotationErrors: [] };

/** Characters of a message that an expression makes. */
const MESSAGE_BYTES_MAX = 5 * 1024;

/** Variables of a request: conditions see no namespace and no composited variables, messages no authorizer. */
export interface PolicyVariables {
  readonly conditions: Variables;
  readonly validations: Variables;
}

/** Evaluates a policy; what it costs is taken from the budget of the request. */
export function verdictOf(spec: PolicySpec, given: PolicyVariables, budget: Budget): Verdict {
  const compiled = policyExpressions(spec);
  const isIgnored = spec.failurePolicy === 'Ignore';
  const whole = (message: string): Verdict =>
    isIgnored ? NOTHING : { ...NOTHING, failures: [{ index: 0, message, reason: 'Invalid' }] };
  const matched = conditionsMatch(items(spec.matchConditions), compiled.matchConditions, {
    ...{ variables: given.conditions, failurePolicy: spec.failurePolicy, budget },
  });
  if (matched.is === 'error') return whole(matched.message);
  if (matched.is === 'skipped') return NOTHING;
  const within: Within = {
    budget,
    variables: compose({ composited: compositedOf(spec), base: given.validations, budget }),
  };
  const failures: Failure[] = [];
  for (const [index, validation] of items(spec.validations).entries()) {
    const own = compiled.validations[index];
    const outcome = evaluated(own?.expression, validation.expression, within);
    if (outcome.is === 'spent') return whole(outcome.message);
    if (outcome.is === 'error') {
      if (!isIgnored) failures.push({ index, message: outcome.message, reason: 'Invalid' });
    } else if (outcome.value !== true) {
      const message = messageOf(validation, own?.message, within);
      failures.push({ index, message, reason: validation.reason ?? 'Invalid' });
    }
  }
  return { failures, ...annotationsOf(spec, within) };
}

/** The result of `messageExpression` where it is a usable text, else `message`, else the expression itself. */
function messageOf(
  { expression, message = '', messageExpression = '' }: PolicyValidation,
  compiled: Compiled | string | undefined,
  within: Within,
): string {
  if (compiled !== undefined) {
    const made = evaluated(compiled, messageExpression, within);
    const text = made.is === 'value' && typeof made.value === 'string' ? made.value.trim() : '';
    if (text !== '' && !text.includes('\n') && byteLength(text) <= MESSAGE_BYTES_MAX) return text;
  }
  return message.trim() || `failed expression: ${expression.trim()}`;
}

function annotationsOf(spec: PolicySpec, within: Within): Pick<Verdict, 'annotations' | 'annotationErrors'> {
  const annotations: Verdict['annotations'][number][] = [];
  const errors: string[] = [];
  const outcomes = policyExpressions(spec).auditAnnotations;
  for (const [i, { key, valueExpression }] of items(spec.auditAnnotations).entries()) {
    const given = evaluated(outcomes[i], valueExpression.trim(), within);
    if (given.is !== 'value') {
      if (spec.failurePolicy !== 'Ignore') errors.push(given.message);
      if (given.is === 'spent') break;
    } else if (typeof given.value === 'string' && given.value.trim() !== '')
      annotations.push({ key, value: given.value.trim() });
  }
  return { annotations, annotationErrors: errors };
}

const known = new WeakMap<PolicySpec, ReadonlyMap<string, Compiled>>();

function compositedOf(spec: PolicySpec): ReadonlyMap<string, Compiled> {
  let made = known.get(spec);
  if (!made) {
    const outcomes = policyExpressions(spec).variables;
    const pairs = items(spec.variables).flatMap(({ name }, i): (readonly [string, Compiled])[] => {
      const outcome = outcomes[i];
      return typeof outcome === 'object' ? [[name, outcome]] : [];
    });
    known.set(spec, (made = new Map(pairs)));
  }
  return made;
}
