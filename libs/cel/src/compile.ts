import { checked, type Scope } from './check/checker.js';
import { literalIssues } from './check/literals.js';
import { typeText, type Type } from './check/types.js';
import { isAny, isSameType } from './check/unify.js';
import { CostExceeded, Evaluation, type Program, type Variables } from './evaluate.js';
import { kubernetesFunctions } from './functions/index.js';
import type { Functions } from './functions/overload.js';
import { parsed } from './syntax/parser.js';
import { issuesText, type Issue } from './syntax/source.js';
import { forgetTexts } from './values/text.js';
import { CelError, type Value } from './values/values.js';

export interface Environment {
  /** Variables with their types. */
  readonly variables: ReadonlyMap<string, Type>;
  /** {@link kubernetesFunctions} when left out. */
  readonly functions?: Functions;
}

/** An expression that was parsed and checked; it can be evaluated any number of times. */
export interface Compiled extends Program {
  readonly source: string;
  readonly type: Type;
}
export interface CompileError {
  readonly isError: true;
  /** All issues with their places, as Kubernetes prints them after `compilation failed: `. */
  readonly message: string;
  readonly issues: readonly Issue[];
}

/**
 * Parses and checks an expression. Takes time linear in its length, which is limited as its depth is, so it may be called
 * with texts that a client sent. Never throws.
 */
export function compile(source: string, environment: Environment): Compiled | CompileError {
  try {
    return compiled(source, environment);
  } catch (cause) {
    // A caller deep in its own stack has less of it to give than the limits of depth allow for.
    if (!(cause instanceof RangeError)) throw cause;
    return failed(source, [{ at: 0, message: 'expression recursion limit exceeded' }]);
  }
}
function compiled(source: string, environment: Environment): Compiled | CompileError {
  const functions = environment.functions ?? kubernetesFunctions;
  const tree = parsed(source);
  if (!('expression' in tree)) return failed(source, tree);
  const { expression } = tree;
  const scope: Scope = { variables: environment.variables, functions };
  const outcome = checked(expression, scope);
  if (!('type' in outcome)) return failed(source, outcome);
  const issues = literalIssues(expression, outcome.types);
  if (issues.length > 0) return failed(source, issues);
  return { source, expression, checked: outcome, functions, type: outcome.type };
}
function failed(source: string, issues: readonly Issue[]): CompileError {
  return { isError: true, message: issuesText(source, issues), issues };
}
export function isCompileError(outcome: Compiled | CompileError): outcome is CompileError {
  return 'isError' in outcome;
}

/** Why a compiled expression cannot stand where values of one of these types are expected; undefined when it can. */
export function wrongType({ type }: Compiled, expected: readonly Type[]): string | undefined {
  if (isAny(type) || expected.some((one) => isSameType(one, type))) return undefined;
  const [first, ...rest] = expected.map(typeText);
  return rest.length === 0 ? `must evaluate to ${first}` : `must evaluate to one of ${[first, ...rest].join(', ')}`;
}

/** Cost that one expression may take, and that all expressions of one request may take together, as in Kubernetes. */
export const EXPRESSION_COST_MAX = 1_000_000;
export const REQUEST_COST_MAX = 10_000_000;

const TOO_DEEP = 'operation cancelled: the expression nests too deeply';

export type Evaluated =
  | { readonly is: 'value'; readonly value: Value; readonly cost: number }
  /** The expression cannot be evaluated with these values. */
  | { readonly is: 'error'; readonly message: string; readonly cost: number }
  /** It would have taken more than it may. */
  | { readonly is: 'exceeded'; readonly message: string; readonly cost: number };

/** Evaluates within a cost. Time and memory are bounded by that cost. Never throws. */
export function evaluate(program: Compiled, variables: Variables, costMax = EXPRESSION_COST_MAX): Evaluated {
  const evaluation = new Evaluation(program, variables, { costMax });
  try {
    const value = evaluation.run();
    const { cost } = evaluation;
    return value instanceof CelError ? { is: 'error', message: value.message, cost } : { is: 'value', value, cost };
  } catch (cause) {
    const { cost } = evaluation;
    // The stack ended: variables of variables nest as deep as somebody wrote them. Nothing was changed by then.
    if (cause instanceof RangeError) return { is: 'exceeded', message: TOO_DEEP, cost };
    if (!(cause instanceof CostExceeded)) throw cause;
    return { is: 'exceeded', message: cause.message, cost };
  } finally {
    forgetTexts();
  }
}
