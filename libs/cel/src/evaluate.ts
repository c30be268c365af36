import { builderOf } from './builder.js';
import type { Checked } from './check/checker.js';
import type { Functions, Overload } from './functions/overload.js';
import { OPERATORS, type CallNode, type Expression, type FoldNode, type ListNode, type MapNode } from './syntax/ast.js';
import { constantValue } from './values/constant.js';
import {
  CelError,
  CelList,
  CelMap,
  isKey,
  isOfType,
  NO_OVERLOAD,
  Optional,
  sizeOf,
  typeName,
  typeValue,
  type MapKey,
  type Result,
  type Value,
} from './values/values.js';

/** What one evaluation may use. */
export interface Limits {
  /** Units of the cost model that may be spent. */
  readonly costMax: number;
}
/** Code points and elements that the values made by one evaluation may have together. */
const ALLOCATED_MAX = 32 * 1024 * 1024;

/** Unwinds an evaluation that has spent its cost; never leaves the door of the library. */
export class CostExceeded extends Error {}

export interface Program {
  readonly expression: Expression;
  readonly checked: Checked;
  readonly functions: Functions;
}
/** Values of variables by name; made when the expression first reads them. */
export type Variables = (name: string) => Result | undefined;

const noKey = (key: unknown): CelError => new CelError(`no such key: ${String(key)}`);

export class Evaluation {
  /** Units spent so far. */
  cost = 0;
  private allocated = 0;
  private readonly locals: { readonly name: string; value: Result }[] = [];

  constructor(
    private readonly program: Program,
    private readonly variables: Variables,
    private readonly limits: Limits,
  ) {}

  run(): Result {
    return this.value(this.program.expression);
  }

  private charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limits.costMax) throw new CostExceeded('operation cancelled: actual cost limit exceeded');
  }
  private allocate(result: Result): Result {
    if (result instanceof CelError || typeof result !== 'object') {
      if (typeof result !== 'string') return result;
      this.allocated += result.length;
    } else this.allocated += sizeOf(result);
    if (this.allocated > ALLOCATED_MAX) throw new CostExceeded('operation cancelled: values are too large');
    return result;
  }

  private value(node: Expression): Result {
    switch (node.node) {
      case 'constant':
        return constantValue(node.constant);
      case 'ident':
        this.charge(1);
        return this.variable(node.name);
      case 'select': {
        const name = this.program.checked.names.get(node.id);
        if (name !== undefined) {
          this.charge(1);
          return this.variable(name);
        }
        const operand = this.value(node.operand);
        this.charge(1);
        return node.isTest ? hasField(operand, node.field) : fieldOf(operand, node.field);
      }
      case 'call':
        return this.call(node);
      case 'list':
        return this.list(node);
      case 'map':
        return this.map(node);
      case 'fold':
        return this.fold(node);
      case 'struct':
        return NO_OVERLOAD;
    }
  }

  private variable(name: string): Result {
    const plain = name.startsWith('.') ? name.slice(1) : name;
    if (plain === name) {
      for (let i = this.locals.length - 1; i >= 0; i--) {
        const local = this.locals[i];
        if (local?.name === name) return local.value;
      }
    }
    const value = this.variables(plain);
    if (value !== undefined) return value;
    const type = this.program.checked.typeNames.get(plain);
    return type ? typeValue(type) : new CelError(`no such attribute(s): ${plain}`);
  }

  private call(node: CallNode): Result {
    const [first, second, third] = node.args;
    switch (node.name) {
      case OPERATORS.and:
        return this.logical(first, second, false);
      case OPERATORS.or:
        return this.logical(first, second, true);
      case OPERATORS.conditional: {
        const condition = this.value(first as Expression);
        if (condition instanceof CelError) return condition;
        if (typeof condition !== 'boolean') return NO_OVERLOAD;
        return this.value((condition ? second : third) as Expression);
      }
      case OPERATORS.notStrictlyFalse:
        this.charge(1);
        return this.value(first as Expression) !== false;
      case OPERATORS.index:
        return this.access(node, indexed);
      case OPERATORS.optionalIndex:
      case OPERATORS.optionalSelect:
        return this.access(node, optionallyIndexed);
      case 'or':
      case 'orValue':
        if (node.target && node.args.length === 1) return this.orElse(node, node.target, first as Expression);
    }
    return this.apply(node);
  }
  private logical(left: Expression | undefined, right: Expression | undefined, decisive: boolean): Result {
    const one = this.value(left as Expression);
    if (one === decisive) return decisive;
    const other = this.value(right as Expression);
    if (other === decisive) return decisive;
    if (one instanceof CelError) return one;
    if (other instanceof CelError) return other;
    return typeof one === 'boolean' && typeof other === 'boolean' ? !decisive : NO_OVERLOAD;
  }
  private access({ args }: CallNode, look: (operand: Value, key: Value) => Result): Result {
    const operand = this.value(args[0] as Expression);
    const key = this.value(args[1] as Expression);
    this.charge(1);
    if (operand instanceof CelError) return operand;
    return key instanceof CelError ? key : look(operand, key);
  }
  /** The alternative is evaluated only where it is needed. */
  private orElse(node: CallNode, target: Expression, alternative: Expression): Result {
    const operand = this.value(target);
    if (operand instanceof CelError) return operand;
    this.charge(1);
    if (!(operand instanceof Optional)) return NO_OVERLOAD;
    if (operand.value === undefined) return this.value(alternative);
    return node.name === 'or' ? operand : operand.value;
  }

  private apply(node: CallNode): Result {
    const { checked, functions } = this.program;
    const global = checked.names.get(node.id);
    const operands = node.target && global === undefined ? [node.target, ...node.args] : node.args;
    const args: Value[] = [];
    let failed: CelError | undefined;
    for (const operand of operands) {
      const value = this.value(operand);
      if (value instanceof CelError) failed ??= value;
      else args.push(value);
    }
    if (failed) return failed;
    const candidates = checked.overloads.get(node.id) ?? functions.overloads(global ?? node.name);
    const overload = candidates.find((one) => fits(one, args));
    if (!overload) {
      this.charge(1);
      return NO_OVERLOAD;
    }
    this.charge(overload.cost(args.map(sizeOf), args));
    return this.allocate(overload.apply(args));
  }

  private list({ elements, optional }: ListNode): Result {
    this.charge(10);
    const items: Value[] = [];
    for (const [i, element] of elements.entries()) {
      const value = this.value(element);
      if (value instanceof CelError) return value;
      if (!optional.has(i)) items.push(value);
      else if (!(value instanceof Optional)) return NO_OVERLOAD;
      else if (value.value !== undefined) items.push(value.value);
    }
    return CelList.of(items);
  }
  private map({ entries }: MapNode): Result {
    this.charge(30);
    const made: (readonly [MapKey, Value])[] = [];
    for (const { key, value, isOptional } of entries) {
      const name = this.value(key);
      if (name instanceof CelError) return name;
      if (!isKey(name)) return new CelError(`unsupported key type`);
      const content = this.value(value);
      if (content instanceof CelError) return content;
      if (!isOptional) made.push([name, content]);
      else if (!(content instanceof Optional)) return NO_OVERLOAD;
      else if (content.value !== undefined) made.push([name, content.value]);
    }
    const map = CelMap.of(made);
    return map.size === made.length ? map : new CelError('Failed with repeated key');
  }

  private fold(node: FoldNode): Result {
    const range = this.value(node.range);
    if (range instanceof CelError) return range;
    if (!(range instanceof CelList || range instanceof CelMap))
      return new CelError(`got '${goTypeName(range)}', expected iterable type`);
    const accumulator = { name: node.accumulator, value: this.value(node.start) };
    const first: { readonly name: string; value: Result } = { name: node.variable, value: null };
    const second: { readonly name: string; value: Result } = { name: node.second ?? '', value: null };
    const build = builderOf(node, this);
    this.locals.push(accumulator);
    const depth = this.locals.push(first, ...(node.second === undefined ? [] : [second]));
    const items = range instanceof CelList ? range.items : range.keys;
    for (const [i, item] of items.entries()) {
      if (range instanceof CelMap) {
        first.value = item;
        if (node.second !== undefined) second.value = range.get(item) ?? null;
      } else {
        first.value = node.second === undefined ? item : BigInt(i);
        second.value = item;
      }
      if (this.value(node.condition) === false) break;
      accumulator.value = build ? build(accumulator.value) : this.value(node.step);
    }
    this.locals.length = depth - (node.second === undefined ? 1 : 2);
    const result = this.value(node.result);
    this.locals.length--;
    return result;
  }
  /** For {@link builderOf}: what a part of a step is, and what it costs to add it. */
  evaluated(node: Expression): Result {
    return this.value(node);
  }
  spend(cost: number): void {
    this.charge(cost);
    this.allocated++;
    if (this.allocated > ALLOCATED_MAX) throw new CostExceeded('operation cancelled: values are too large');
  }
}

function fits({ args: types }: Overload, args: readonly Value[]): boolean {
  return types.length === args.length && types.every((type, i) => isOfType(args[i] as Value, type));
}

function fieldOf(operand: Result, field: string): Result {
  if (operand instanceof CelError) return operand;
  if (operand instanceof Optional) return withinOptional(operand, field);
  if (operand instanceof CelMap) return valueOr(operand.get(field), () => noKey(field));
  return operand === null ? noKey(field) : NO_OVERLOAD;
}
function hasField(operand: Result, field: string): Result {
  if (operand instanceof CelError) return operand;
  if (operand instanceof CelMap) return operand.has(field);
  if (operand instanceof Optional) return operand.value === undefined ? false : hasField(operand.value, field);
  return operand === null ? false : NO_OVERLOAD;
}
/** A part of what an optional holds is optional, too. */
function withinOptional(operand: Optional, key: Value): Result {
  if (operand.value === undefined) return operand;
  return operand.value === null ? noKey(keyName(key)) : optionallyIndexed(operand.value, key);
}

function indexed(operand: Value, key: Value): Result {
  if (operand instanceof CelMap) return valueOr(operand.get(key), () => noKey(keyName(key)));
  if (operand instanceof Optional) return withinOptional(operand, key);
  if (!(operand instanceof CelList)) return operand === null ? noKey(keyName(key)) : NO_OVERLOAD;
  const index = indexOf(key);
  if (index === undefined) return new CelError(`unsupported index type '${typeName(key)}' in list`);
  return valueOr(operand.items[index], () => new CelError(`index out of bounds: ${keyName(key)}`));
}
function optionallyIndexed(operand: Value, key: Value): Result {
  const inner = operand instanceof Optional ? operand.value : operand;
  if (inner === undefined || inner === null) return new Optional(undefined);
  if (inner instanceof CelMap) return new Optional(inner.get(key));
  if (!(inner instanceof CelList)) return NO_OVERLOAD;
  const index = indexOf(key);
  return index === undefined ? NO_OVERLOAD : new Optional(inner.items[index]);
}
/** Null is a value; only undefined is none. */
function valueOr(value: Value | undefined, otherwise: () => CelError): Result {
  return value === undefined ? otherwise() : value;
}
function indexOf(key: Value): number | undefined {
  const text = keyName(key);
  return /^-?\d+$/.test(text) && typeof key !== 'string' ? Number(text) : undefined;
}
function keyName(key: Value): string {
  return typeof key === 'object' && key !== null && 'value' in key ? String(key.value) : String(key);
}

/** What the type of a value is called inside cel-go, whose error names it. */
function goTypeName(value: Value): string {
  const name = typeName(value).replace('google.protobuf.', '').replace('_type', '');
  return `types.${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
