import {
  admissionEnvironment,
  BOOL,
  declareVariable,
  DYN,
  NULL,
  STRING,
  type AdmissionEnvironment,
  type Compiled,
  type Type,
} from '#cel';
import { compiledAs } from '../expressions.js';
import { items } from '../../validation/checks.js';
import type { PolicySpec } from './schema.js';

/** A compiled expression, or why it does not compile. Undefined for one that is not stated. */
export type Outcome = Compiled | string | undefined;

/** What the expressions of a policy compile to, in the order of the spec's lists. */
export interface PolicyExpressions {
  readonly matchConditions: readonly Outcome[];
  readonly variables: readonly Outcome[];
  readonly validations: readonly { readonly expression: Outcome; readonly message: Outcome }[];
  readonly auditAnnotations: readonly Outcome[];
}

/** Types that are known of the objects of a request. */
export interface KnownTypes {
  /** `object` and `oldObject`; `dyn` when unknown. */
  readonly object?: Type;
  /** `params`; `dyn` when unknown. */
  readonly params?: Type;
}

/** Where the expressions of a policy are compiled: conditions know no composited variables, messages no authorizer. */
export interface PolicyEnvironments {
  readonly conditions: AdmissionEnvironment;
  readonly whole: AdmissionEnvironment;
  readonly messages: AdmissionEnvironment;
  readonly variables: readonly Outcome[];
}

/** Declares the variables of a policy, each with those before it. One that does not compile is `dyn` for the others. */
export function policyEnvironments(spec: PolicySpec, known: KnownTypes = {}): PolicyEnvironments {
  const { object } = known;
  const options = { ...(object && { object }), ...(spec.paramKind && { params: known.params ?? DYN }) };
  const variables = items(spec.variables);
  const composited = variables.length > 0 && { variables: new Map<string, Type>() };
  const whole = admissionEnvironment({ ...options, ...composited, hasAuthorizer: true });
  const messages = admissionEnvironment({ ...options, ...composited });
  const outcomes = variables.map(({ name, expression }) => {
    const made = outcome(expression, whole, []);
    if (made === undefined) return made;
    for (const environment of [whole, messages])
      declareVariable(environment, name, typeof made === 'string' ? DYN : made.type);
    return made;
  });
  const conditions = admissionEnvironment({ ...options, hasAuthorizer: true });
  return { conditions, whole, messages, variables: outcomes };
}

export function compilePolicy(spec: PolicySpec): PolicyExpressions {
  const { conditions, whole, messages, variables } = policyEnvironments(spec);
  return {
    variables,
    matchConditions: items(spec.matchConditions).map(({ expression }) =>
      outcome(expression.trim(), conditions, [BOOL]),
    ),
    validations: items(spec.validations).map(({ expression, messageExpression = '' }) => ({
      expression: outcome(expression, whole, [BOOL]),
      message: outcome(messageExpression, messages, [STRING]),
    })),
    auditAnnotations: items(spec.auditAnnotations).map(({ valueExpression }) =>
      outcome(valueExpression.trim(), whole, [STRING, NULL]),
    ),
  };
}

const made = new WeakMap<PolicySpec, PolicyExpressions>();

/** The expressions of a stored policy, compiled once for as long as its spec is the same. */
export function policyExpressions(spec: PolicySpec): PolicyExpressions {
  let known = made.get(spec);
  if (!known) made.set(spec, (known = compilePolicy(spec)));
  return known;
}

function outcome(source: string, environment: AdmissionEnvironment, types: readonly Type[]): Outcome {
  return source.trim() === '' ? undefined : compiledAs(source, environment, types);
}
