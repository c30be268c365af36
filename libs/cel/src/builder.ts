import { OPERATORS, type CallNode, type Expression, type FoldNode } from './syntax/ast.js';
import {
  CelError,
  CelList,
  CelMap,
  isKey,
  NO_OVERLOAD,
  type MapKey,
  type Result,
  type Value,
} from './values/values.js';

/** As much of an evaluation as a builder needs. */
interface Parts {
  evaluated(node: Expression): Result;
  spend(cost: number): void;
}
type Step = (accumulated: Result) => Result;

/**
 * Macros build lists and maps by adding to the accumulated one in each step. Copying it each time would take quadratic time,
 * so such a step writes to a collection of its own; it costs what the addition would cost. Undefined for other steps.
 */
export function builderOf({ step }: FoldNode, parts: Parts): Step | undefined {
  const isGuarded = step.node === 'call' && step.name === OPERATORS.conditional;
  const addition = isGuarded ? step.args[1] : step;
  if (addition?.node !== 'call') return undefined;
  const [target] = addition.args;
  if (target?.node !== 'ident' || !target.name.startsWith('@')) return undefined;
  const add = listAddition(addition, parts) ?? mapAddition(addition, parts);
  return add && guarded(add, isGuarded ? step.args[0] : undefined, parts);
}

function guarded(add: Step, guard: Expression | undefined, parts: Parts): Step {
  return (accumulated) => {
    if (accumulated instanceof CelError) return accumulated;
    const condition = guard ? parts.evaluated(guard) : true;
    if (condition instanceof CelError) return condition;
    if (typeof condition !== 'boolean') return NO_OVERLOAD;
    return condition ? add(accumulated) : accumulated;
  };
}

function listAddition({ name, args }: CallNode, parts: Parts): Step | undefined {
  const [, list] = args;
  const element = name === '_+_' && list?.node === 'list' ? list.elements[0] : undefined;
  if (!element) return undefined;
  const items: Value[] = [];
  return () => {
    // The accumulator is read, a list made, and the two are added.
    parts.spend(12);
    const value = parts.evaluated(element);
    if (value instanceof CelError) return value;
    items.push(value);
    return new CelList(() => items, items.length);
  };
}

function mapAddition({ name, args }: CallNode, parts: Parts): Step | undefined {
  const [, first, second] = args;
  if (name !== 'cel.@mapInsert' || !first) return undefined;
  const map = new GrowingMap();
  return () => {
    parts.spend(2);
    const key = parts.evaluated(first);
    if (key instanceof CelError) return key;
    if (!second) return key instanceof CelMap ? map.addAll(key) : NO_OVERLOAD;
    const value = parts.evaluated(second);
    if (value instanceof CelError) return value;
    return isKey(key) ? map.add(key, value) : NO_OVERLOAD;
  };
}

/** The map that a fold builds; each step's map is the same one, seen by nobody before the fold ends. */
class GrowingMap {
  private readonly map = new CelMap([]);
  add(key: MapKey, value: Value): Result {
    return this.map.grow(key, value) ? this.map : new CelError(`insert failed: key ${String(key)} already exists`);
  }
  addAll(other: CelMap): Result {
    for (const key of other.keys) {
      const result = this.add(key, other.get(key) ?? null);
      if (result instanceof CelError) return result;
    }
    return this.map;
  }
}
