import { isJsonObject, jsonEquals, type Json } from '#std';
import { evaluate, EXPRESSION_COST_MAX } from '../compile.js';
import { Optional, type Value } from '../values/values.js';
import type { CompiledRule, RuleTree } from './define.js';
import type { Step } from './field-path.js';
import { fromTyped } from './typed.js';

/** A rule that a value breaks, or that cannot be evaluated for it. */
export interface Violation {
  readonly path: readonly Step[];
  readonly reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueDuplicate';
  /** What is shown of the value: a scalar, or the name of its type; undefined for nothing. */
  readonly value: Json | undefined;
  readonly detail: string;
  /** The value is what it was before: an update that does not touch it must not fail for it. */
  readonly isUnchanged: boolean;
}
/** Cost that is left for the rules of one request. */
export interface Budget {
  left: number;
}

/** Characters of a message that an expression makes. */
const MESSAGE_MAX = 5 * 1024;

/**
 * Evaluates all rules of a schema for an object, and `old` where that is an update. Costs are taken from the budget; when it is
 * spent, the rest is not evaluated and the last violation says so. Never throws.
 */
export function violations(
  tree: RuleTree,
  json: Json,
  { old, budget }: { readonly old?: Json; readonly budget: Budget },
): readonly Violation[] {
  const found: Violation[] = [];
  new Validation(found, budget).visit(tree, { json, old, path: [], isOuterUnchanged: () => false });
  return found;
}

interface Place {
  readonly json: Json;
  readonly old: Json | undefined;
  readonly path: readonly Step[];
  /** Whether the innermost part around this one whose value before is known is what it was. */
  readonly isOuterUnchanged: () => boolean;
}

class Validation {
  private isOver = false;

  constructor(
    private readonly found: Violation[],
    private readonly budget: Budget,
  ) {}

  visit(tree: RuleTree, place: Place): void {
    if (this.isOver) return;
    const { json, old, path } = place;
    // Compared once, and only when a rule is broken: most are kept.
    let unchanged: boolean | undefined;
    const isUnchanged = (): boolean =>
      (unchanged ??= old === undefined ? place.isOuterUnchanged() : jsonEquals(json, old));
    this.own(tree, place, isUnchanged);
    const inside = { isOuterUnchanged: isUnchanged };
    if (isJsonObject(json)) {
      const before = isJsonObject(old) ? old : undefined;
      for (const [name, value] of Object.entries(json)) {
        if (value === undefined) continue;
        const part = tree.values ?? tree.properties.get(name);
        const step: Step = { is: tree.values ? 'key' : 'field', name };
        if (part) this.visit(part, { json: value, old: before?.[name], path: [...path, step], ...inside });
      }
    } else if (Array.isArray(json) && tree.items) {
      const list = json as readonly Json[];
      const counterpart = counterparts(tree, old);
      for (const [index, item] of list.entries())
        this.visit(tree.items, {
          ...{ json: item, old: counterpart(item), path: [...path, { is: 'index', index }] },
          ...inside,
        });
    }
  }

  private own({ schema, rules }: RuleTree, place: Place, isUnchanged: () => boolean): void {
    if (rules.length === 0) return;
    const { json, old } = place;
    const self = fromTyped(json, schema);
    const before = old === undefined ? undefined : fromTyped(old, schema);
    for (const compiled of rules) {
      if (this.isOver) return;
      if (compiled.isTransition && before === undefined && compiled.rule.optionalOldSelf !== true) continue;
      const oldSelf = compiled.rule.optionalOldSelf === true ? new Optional(before) : before;
      const violation = this.judge(compiled, { self, oldSelf, place, type: schema.type ?? '' });
      if (!violation) continue;
      const path = [...place.path, ...compiled.fieldPath];
      this.found.push({ ...violation, path, isUnchanged: !compiled.isTransition && isUnchanged() });
    }
  }

  private judge(
    compiled: CompiledRule,
    { self, oldSelf, place, type }: Subject,
  ): Omit<Violation, 'path' | 'isUnchanged'> | undefined {
    const { rule } = compiled;
    const values: Variables = (name) => (name === 'self' ? self : name === 'oldSelf' ? oldSelf : undefined);
    const outcome = evaluate(compiled.program, values, EXPRESSION_COST_MAX);
    const named = rule.message?.trim() || compiled.program.source.trim();
    this.budget.left -= outcome.cost;
    if (this.budget.left < 0) {
      this.isOver = true;
      const detail = 'validation failed due to running out of cost budget, no further validation rules will be run';
      return { reason: 'FieldValueInvalid', value: type, detail };
    }
    const reason = REASONS.get(rule.reason ?? '') ?? 'FieldValueInvalid';
    switch (outcome.is) {
      case 'exceeded': {
        this.isOver = true;
        const detail = `'${outcome.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${named}`;
        return { reason: 'FieldValueInvalid', value: type, detail };
      }
      case 'error':
        return { reason, value: type, detail: errorText(outcome.message, named) };
      case 'value': {
        if (outcome.value === true) return undefined;
        const detail =
          this.message(compiled, values) ?? (rule.message?.trim() || `failed rule: ${compiled.program.source.trim()}`);
        const shown = typeof place.json === 'object' ? undefined : place.json;
        return { reason, value: compiled.fieldPath.length > 0 ? undefined : shown, detail };
      }
    }
  }

  /** What the rule's expression says; undefined when that is nothing that can be shown. */
  private message({ message }: CompiledRule, values: Variables): string | undefined {
    if (!message) return undefined;
    const outcome = evaluate(message, values, Math.min(EXPRESSION_COST_MAX, this.budget.left));
    this.budget.left = Math.max(0, this.budget.left - outcome.cost);
    if (outcome.is !== 'value' || typeof outcome.value !== 'string') return undefined;
    const text = outcome.value.trim();
    return text === '' || text.includes('\n') || text.length > MESSAGE_MAX ? undefined : text;
  }
}

type Variables = (name: string) => Value | undefined;
interface Subject {
  readonly self: Value;
  readonly oldSelf: Value | undefined;
  readonly place: Place;
  readonly type: string;
}
const REASONS: ReadonlyMap<string, Violation['reason']> = new Map(
  (['FieldValueInvalid', 'FieldValueRequired', 'FieldValueForbidden', 'FieldValueDuplicate'] as const).map((reason) => [
    reason,
    reason,
  ]),
);

function errorText(message: string, rule: string): string {
  if (!message.startsWith('no such overload')) return `${message} evaluating rule: ${rule}`;
  return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${rule}`;
}

/** Finds the element before an update that has the keys of an element now. Other lists than those of type map have none. */
function counterparts({ schema }: RuleTree, old: Json | undefined): (item: Json) => Json | undefined {
  const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [];
  if (keys.length === 0 || !Array.isArray(old)) return () => undefined;
  const keyOf = (item: Json): string =>
    JSON.stringify(keys.map((key) => (isJsonObject(item) ? (item[key] ?? null) : null)));
  const byKey = new Map((old as readonly Json[]).map((item) => [keyOf(item), item]));
  return (item) => byKey.get(keyOf(item));
}
