import { admissionEnvironment, BOOL, type Compiled } from '#cel';
import { items } from '../validation/checks.js';
import { compiledAs } from './expressions.js';
import type { AnyWebhook } from './webhook.schema.js';

type Conditions = AnyWebhook['matchConditions'];

const environment = admissionEnvironment({ hasAuthorizer: true });
const made = new WeakMap<NonNullable<Conditions>, ReadonlyMap<string, Compiled | string>>();

export function compiledCondition(expression: string): Compiled | string {
  return compiledAs(expression, environment, [BOOL]);
}

/** The conditions of a stored webhook by their texts, compiled once for as long as the list is the same. */
export function webhookConditions(conditions: Conditions): ReadonlyMap<string, Compiled | string> {
  if (!conditions) return NONE;
  let known = made.get(conditions);
  if (!known) {
    known = new Map(items(conditions).map(({ expression }) => [expression, compiledCondition(expression.trim())]));
    made.set(conditions, known);
  }
  return known;
}
const NONE: ReadonlyMap<string, Compiled | string> = new Map();
