import { evaluate, EXPRESSION_COST_MAX, type Compiled } from './compile.js';
import type { Variables } from './evaluate.js';
import { CelError, CelMap, type Result } from './values/values.js';
import type { Budget } from './schema/validate.js';

/** What a composition is made of. */
export interface Composition {
  /** Expressions of `variables.…` by name; each may refer to those before it. */
  readonly composited: ReadonlyMap<string, Compiled>;
  /** All other variables. */
  readonly base: Variables;
  /** Cost that all of one request may take together. */
  readonly budget: Budget;
}

/**
 * The variables of a policy: `variables.x` is evaluated when an expression first reads it, once for a request, however many
 * expressions read it. Its error is the error of each expression that depends on it.
 */
export function compose({ composited, base, budget }: Composition): Variables {
  const known = new Map<string, Result>();
  // What is being evaluated is not evaluated again: a variable that reads itself has no value.
  const evaluated = (name: string, program: Compiled): Result => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, new CelError(`composited variable "${name}" refers to itself`));
    const outcome = evaluate(program, variables, Math.min(EXPRESSION_COST_MAX, Math.max(0, budget.left)));
    budget.left -= outcome.cost;
    const result =
      outcome.is === 'value'
        ? outcome.value
        : new CelError(`composited variable "${name}" fails to evaluate: ${outcome.message}`);
    known.set(name, result);
    return result;
  };
  const names = CelMap.of(Array.from(composited.keys(), (name) => [name, null]));
  const variables: Variables = (name) => {
    if (name === 'variables') return names;
    const program = name.startsWith(PREFIX) ? composited.get(name.slice(PREFIX.length)) : undefined;
    return program ? evaluated(name.slice(PREFIX.length), program) : base(name);
  };
  return variables;
}
const PREFIX = 'variables.';
