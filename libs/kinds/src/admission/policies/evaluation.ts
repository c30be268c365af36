import { evaluate, EXPRESSION_COST_MAX, type Budget, type Value, type Variables } from '#cel';
import type { Outcome } from '../../admissionregistration/validatingadmissionpolicy/expressions.js';

/** What one expression gave. */
export type Given =
  | { readonly is: 'value'; readonly value: Value }
  /** It cannot be evaluated for this request. */
  | { readonly is: 'error'; readonly message: string }
  /** The cost of all expressions together was spent; nothing more is evaluated. */
  | { readonly is: 'spent'; readonly message: string };

const SPENT = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** Evaluates an expression within what is left of a budget. `source` is what messages quote. */
export function evaluated(outcome: Outcome, source: string, within: Within): Given {
  const { variables, budget } = within;
  if (typeof outcome !== 'object') return { is: 'error', message: `compilation error: ${outcome ?? 'no expression'}` };
  // Variables that the expression reads take from the same budget while it runs.
  const before = budget.left;
  const given = evaluate(outcome, variables, Math.min(EXPRESSION_COST_MAX, Math.max(0, before)));
  budget.left -= given.cost;
  if (budget.left < 0 || (given.is === 'exceeded' && before < EXPRESSION_COST_MAX)) {
    budget.left = -1;
    return { is: 'spent', message: SPENT };
  }
  if (given.is === 'value') return given;
  return { is: 'error', message: `expression '${source}' resulted in error: ${given.message}` };
}
export interface Within {
  readonly variables: Variables;
  readonly budget: Budget;
}
