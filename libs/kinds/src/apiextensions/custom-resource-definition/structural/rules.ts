import {
  defineRules,
  pathText,
  violations,
  type Budget,
  type RuleTree,
  type StructuralSchema,
  type Violation,
} from '#cel';
import type { Problem, ProblemType } from '#model';
import type { Json } from '#std';
import type { JsonSchema } from './schema.js';

const compiled = new WeakMap<JsonSchema, { readonly tree: RuleTree | undefined }>();

/** The rules of a schema that was accepted; undefined where it has none. They are compiled when they are first asked for. */
export function rulesOf(schema: JsonSchema): RuleTree | undefined {
  let known = compiled.get(schema);
  if (known === undefined) compiled.set(schema, (known = defineRules(schema as StructuralSchema)));
  return known.tree;
}

/**
 * Cost that the rules of one object may take together. Kubernetes allows ten times as much, which would keep the thread that
 * answers everybody for seconds: this is one tenth of a second for most rules, and one for those that parse addresses.
 */
export const RULES_COST_MAX = 1_000_000;

export interface RuleSubject {
  /** The value before an update. */
  readonly old?: Json | undefined;
  readonly budget: Budget;
  /** Field that errors about the whole value name; those about its parts begin with it. */
  readonly field?: string;
}

/** Rules that a value breaks. An update may leave a part as it was although the part breaks them: that is a warning. */
export function ruleProblems(
  tree: RuleTree,
  value: Json,
  { old, budget, field = '' }: RuleSubject,
): readonly Problem[] {
  const found = violations(tree, value, { ...(old !== undefined && { old }), budget });
  return found.map((violation) => problemOf(violation, field));
}

const TYPES: Readonly<Record<Violation['reason'], ProblemType>> = {
  FieldValueInvalid: 'Invalid',
  FieldValueRequired: 'Required',
  FieldValueForbidden: 'Forbidden',
  FieldValueDuplicate: 'Duplicate',
};

function problemOf({ path, reason, value, detail, isUnchanged }: Violation, field: string): Problem {
  const inner = pathText(path);
  const place = inner === '' || inner.startsWith('[') || field === '' ? `${field}${inner}` : `${field}.${inner}`;
  return {
    ...{ type: TYPES[reason], field: place || '<nil>' },
    // Of a duplicate the value says it all.
    detail: reason === 'FieldValueDuplicate' ? '' : detail,
    ...(value === undefined ? { omitsValue: true } : { value }),
    ...(isUnchanged && { isWarning: true }),
  };
}

const BLOCKING: ReadonlySet<ProblemType> = new Set(['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid']);

/** Instead of the rules, of a value that has such problems that rules cannot be evaluated for it; undefined for others. */
export function notChecked(problems: readonly Problem[]): Problem | undefined {
  if (!problems.some(({ type }) => BLOCKING.has(type))) return undefined;
  return {
    ...{ type: 'Invalid', field: '<nil>', value: null },
    detail:
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  };
}
