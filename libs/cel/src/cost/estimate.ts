import type { Program } from '../evaluate.js';
import type { Overload } from '../functions/overload.js';
import {
  OPERATORS,
  type CallNode,
  type Constant,
  type Expression,
  type FoldNode,
  type ListNode,
  type MapNode,
} from '../syntax/ast.js';
import type { Type } from '../check/types.js';

/** How large a value can be, as far as that is known before there is one. */
export interface Shape {
  /** Largest size as costs count it; Infinity when nothing bounds it. */
  readonly sizeMax: number;
  readonly element?: Shape;
  readonly key?: Shape;
  field?(name: string): Shape | undefined;
}
export const SCALAR: Shape = { sizeMax: 1 };
export const UNBOUNDED: Shape = { sizeMax: Infinity };

/** The highest cost that evaluating an expression can take, over all values that its variables may have. */
export function estimate(program: Program, variables: ReadonlyMap<string, Shape>): number {
  return new Estimate(program, variables).of(program.expression).cost;
}

interface Outcome {
  readonly cost: number;
  readonly shape: Shape;
}

class Estimate {
  private readonly locals: ReadonlyMap<string, Shape>[] = [];

  constructor(
    private readonly program: Program,
    private readonly variables: ReadonlyMap<string, Shape>,
  ) {}

  of(node: Expression): Outcome {
    switch (node.node) {
      case 'constant':
        return { cost: 0, shape: constantShape(node.constant) };
      case 'ident':
        return { cost: 1, shape: this.variable(node.name) ?? this.unknown(node) };
      case 'select': {
        const name = this.program.checked.names.get(node.id);
        if (name !== undefined) return { cost: 1, shape: this.variable(name) ?? this.unknown(node) };
        const { cost, shape } = this.of(node.operand);
        if (node.isTest) return { cost: cost + 1, shape: SCALAR };
        return { cost: cost + 1, shape: shape.field?.(node.field) ?? shape.element ?? this.unknown(node) };
      }
      case 'call':
        return this.call(node);
      case 'list':
        return this.list(node);
      case 'map':
        return this.map(node);
      case 'struct':
        return { cost: 40, shape: UNBOUNDED };
      case 'fold':
        return this.fold(node);
    }
  }

  private variable(name: string): Shape | undefined {
    for (const scope of this.locals.toReversed()) {
      const shape = scope.get(name);
      if (shape) return shape;
    }
    return this.variables.get(name.replace(/^\./, ''));
  }
  /** What the type alone says. */
  private unknown({ id }: Expression): Shape {
    return shapeOfType(this.program.checked.types.get(id));
  }

  private call(node: CallNode): Outcome {
    const [first, second, third] = node.args;
    switch (node.name) {
      case OPERATORS.and:
      case OPERATORS.or:
        return { cost: this.costs([first, second]), shape: SCALAR };
      case OPERATORS.conditional: {
        const [whenTrue, whenFalse] = [this.of(second as Expression), this.of(third as Expression)];
        const cost = this.of(first as Expression).cost + Math.max(whenTrue.cost, whenFalse.cost);
        return { cost, shape: larger(whenTrue.shape, whenFalse.shape) };
      }
      case OPERATORS.index:
      case OPERATORS.optionalIndex:
      case OPERATORS.optionalSelect:
        return this.access(node);
    }
    return this.function(node);
  }
  private access(node: CallNode): Outcome {
    const [operand, key] = node.args as [Expression, Expression];
    const { cost, shape } = this.of(operand);
    const name = key.node === 'constant' && key.constant.is === 'string' ? key.constant.value : undefined;
    const found = (name === undefined ? undefined : shape.field?.(name)) ?? shape.element;
    return { cost: cost + this.of(key).cost + 1, shape: found ?? this.unknown(node) };
  }
  private function(node: CallNode): Outcome {
    const isGlobal = this.program.checked.names.has(node.id);
    const operands = node.target && !isGlobal ? [node.target, ...node.args] : node.args;
    const outcomes = operands.map((operand) => this.of(operand));
    const sizes = outcomes.map(({ shape }) => shape.sizeMax);
    const overloads = this.program.checked.overloads.get(node.id) ?? [];
    const own = Math.max(1, ...overloads.map((overload) => defined(overload.cost(sizes))));
    const cost = outcomes.reduce((total, outcome) => total + outcome.cost, own);
    return { cost, shape: this.resultShape(node, overloads, outcomes) };
  }
  private resultShape(node: CallNode, overloads: readonly Overload[], outcomes: readonly Outcome[]): Shape {
    const sizes = outcomes.map(({ shape }) => shape.sizeMax);
    const known = overloads.filter(({ size }) => size !== undefined);
    const unknown = this.unknown(node);
    if (known.length === 0 || known.length < overloads.length) return unknown;
    const sizeMax = Math.max(...known.map(({ size }) => defined(size?.(sizes) ?? Infinity)));
    const [inner] = outcomes.map(({ shape }) => shape.element).filter((element) => element !== undefined);
    return { ...unknown, sizeMax, ...(inner && { element: inner }) };
  }

  private list({ elements }: ListNode): Outcome {
    const outcomes = elements.map((element) => this.of(element));
    const element = outcomes.reduce<Shape | undefined>(
      (shape, one) => (shape ? larger(shape, one.shape) : one.shape),
      undefined,
    );
    const cost = outcomes.reduce((total, one) => total + one.cost, 10);
    return { cost, shape: { sizeMax: elements.length, ...(element && { element }) } };
  }
  private map({ entries }: MapNode): Outcome {
    const cost = this.costs(entries.flatMap(({ key, value }) => [key, value])) + 30;
    return { cost, shape: { sizeMax: entries.length } };
  }

  private fold(node: FoldNode): Outcome {
    const range = this.of(node.range);
    const start = this.of(node.start);
    const { element = this.unknownElement(node.range), key = { sizeMax: Infinity } } = range.shape;
    const isMap = this.program.checked.types.get(node.range.id)?.kind === 'map';
    const accumulated = new Map([[node.accumulator, this.unknown(node.start)]]);
    const first = isMap ? key : node.second === undefined ? element : SCALAR;
    const inner = new Map([[node.variable, first]]);
    if (node.second !== undefined) inner.set(node.second, element);
    this.locals.push(accumulated, inner);
    const each = this.costs([node.condition, node.step]);
    this.locals.pop();
    const result = this.of(node.result);
    this.locals.pop();
    const cost = range.cost + start.cost + defined(range.shape.sizeMax * each) + result.cost;
    return { cost, shape: result.shape };
  }
  private unknownElement({ id }: Expression): Shape {
    const type = this.program.checked.types.get(id);
    if (type?.kind === 'list') return shapeOfType(type.of);
    return type?.kind === 'map' ? shapeOfType(type.value) : UNBOUNDED;
  }
  private costs(nodes: readonly (Expression | undefined)[]): number {
    return nodes.reduce((total, node) => total + (node ? this.of(node).cost : 0), 0);
  }
}

/** Nothing times without end is nothing. */
function defined(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
function larger(a: Shape, b: Shape): Shape {
  return a.sizeMax >= b.sizeMax ? a : b;
}
function constantShape(constant: Constant): Shape {
  if (constant.is === 'string') return { sizeMax: constant.value.length };
  return constant.is === 'bytes' ? { sizeMax: constant.value.length } : SCALAR;
}
const SIZED: ReadonlySet<string> = new Set([
  'string',
  'bytes',
  'list',
  'map',
  'dyn',
  'param',
  'error',
  'optional',
  'opaque',
]);
function shapeOfType(type: Type | undefined): Shape {
  return type && !SIZED.has(type.kind) ? SCALAR : UNBOUNDED;
}
