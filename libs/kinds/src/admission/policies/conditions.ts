import type { Budget, Variables } from '#cel';
import type { MatchCondition } from '../../admissionregistration/match.schema.js';
import type { Outcome } from '../../admissionregistration/validatingadmissionpolicy/expressions.js';
import { evaluated, type Within } from './evaluation.js';

/** Cost that all match conditions of a webhook or a policy may take for one request. */
export const CONDITIONS_COST_MAX = 2_500_000;

export type Matched = { readonly is: 'matched' | 'skipped' } | { readonly is: 'error'; readonly message: string };

/**
 * Whether all match conditions hold. One that is false decides, even where others fail; without one, errors are `error` under
 * failure policy Fail and `skipped` under Ignore.
 */
export function conditionsMatch(
  conditions: readonly MatchCondition[],
  outcomes: readonly Outcome[],
  given: {
    readonly variables: Variables;
    readonly failurePolicy: string | undefined;
    /** What is left for the whole request; {@link CONDITIONS_COST_MAX} of it at most are used. */
    readonly budget?: Budget;
  },
): Matched {
  const { variables, failurePolicy, budget = { left: CONDITIONS_COST_MAX } } = given;
  const own = { left: Math.min(CONDITIONS_COST_MAX, budget.left) };
  const before = own.left;
  const matched = matchedWithin(conditions, outcomes, { variables, budget: own });
  budget.left -= before - own.left;
  return matched.is === 'error' && failurePolicy === 'Ignore' ? { is: 'skipped' } : matched;
}

function matchedWithin(conditions: readonly MatchCondition[], outcomes: readonly Outcome[], within: Within): Matched {
  const errors = new Set<string>();
  for (const [i, { expression }] of conditions.entries()) {
    const given = evaluated(outcomes[i], expression.trim(), within);
    if (given.is === 'value' && given.value === false) return { is: 'skipped' };
    if (given.is !== 'value') errors.add(given.message);
    if (given.is === 'spent') break;
  }
  if (errors.size === 0) return { is: 'matched' };
  const [only = ''] = errors;
  return { is: 'error', message: errors.size === 1 ? only : `[${[...errors].join(', ')}]` };
}
