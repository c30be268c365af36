import {
  ACCUMULATOR,
  OPERATORS,
  type CallNode,
  type Constant,
  type ConstantNode,
  type Entry,
  type Expression,
  type FoldNode,
  type IdentNode,
  type ListNode,
  type MapNode,
  type SelectNode,
  type StructNode,
} from './ast.js';
import type { Issue } from './source.js';

/** Makes nodes and numbers them. */
export class Nodes {
  count = 0;

  next(): number {
    return ++this.count;
  }
  constant(at: number, constant: Constant): ConstantNode {
    return { node: 'constant', id: this.next(), at, constant };
  }
  ident(at: number, name: string): IdentNode {
    return { node: 'ident', id: this.next(), at, name };
  }
  select(at: number, operand: Expression, field: string): SelectNode {
    return { node: 'select', id: this.next(), at, operand, field, isTest: false };
  }
  call(at: number, name: string, args: readonly Expression[], target?: Expression): CallNode {
    return { node: 'call', id: this.next(), at, name, target, args };
  }
  list(at: number, elements: readonly Expression[], optional: ReadonlySet<number> = new Set()): ListNode {
    return { node: 'list', id: this.next(), at, elements, optional };
  }
  map(at: number, entries: readonly Entry[]): MapNode {
    return { node: 'map', id: this.next(), at, entries };
  }
  struct(at: number, name: string, fields: StructNode['fields']): StructNode {
    return { node: 'struct', id: this.next(), at, name, fields };
  }
  fold(at: number, parts: Omit<FoldNode, 'node' | 'id' | 'at' | 'accumulator'>): FoldNode {
    return { node: 'fold', id: this.next(), at, accumulator: ACCUMULATOR, ...parts };
  }
}

/** The call with its macro expanded, the call itself when its name is no macro's, or what is wrong with its arguments. */
export function expanded(call: CallNode, nodes: Nodes): Expression | Issue {
  const { name, target, args } = call;
  if (target === undefined) return name === 'has' && args.length === 1 ? has(call, nodes) : call;
  const macro = MACROS.get(`${name}/${args.length}`);
  return macro ? new Expansion(call, target, nodes).make(macro) : call;
}

function has({ args: [field], at }: CallNode, nodes: Nodes): Expression | Issue {
  if (field?.node === 'select' && !field.isTest) return { ...field, id: nodes.next(), isTest: true };
  return { at: field?.at ?? at, message: 'invalid argument to has() macro' };
}

type Macro = (expansion: Expansion) => Expression;

/** One call of a macro that folds over its target. */
class Expansion {
  constructor(
    readonly call: CallNode,
    readonly target: Expression,
    readonly nodes: Nodes,
  ) {}
  private variables: readonly string[] = [];
  /** What follows the variables. */
  rest: readonly Expression[] = [];

  make({ variables, build }: { readonly variables: number; readonly build: Macro }): Expression | Issue {
    const { args, name } = this.call;
    const named = args.slice(0, variables);
    for (const argument of named) {
      if (argument.node !== 'ident' || argument.name.startsWith('.'))
        return { at: argument.at, message: `argument must be a simple name` };
      if (argument.name === ACCUMULATOR || argument.name === '__result__')
        return { at: argument.at, message: 'iteration variable overwrites accumulator variable' };
    }
    this.variables = named.map((argument) => (argument as IdentNode).name);
    if (variables === 2 && this.variables[0] === this.variables[1])
      return { at: this.call.at, message: `duplicate variable name: ${this.variables[0] ?? name}` };
    this.rest = args.slice(variables);
    return build(this);
  }

  get at(): number {
    return this.call.at;
  }
  get accumulator(): IdentNode {
    return this.nodes.ident(this.at, ACCUMULATOR);
  }
  variable(index: number): Expression {
    return this.nodes.ident(this.at, this.variables[index] ?? '');
  }
  argument(index: number): Expression {
    return this.rest[index] as Expression;
  }
  bool(value: boolean): Expression {
    return this.nodes.constant(this.at, { is: 'bool', value });
  }
  int(value: bigint): Expression {
    return this.nodes.constant(this.at, { is: 'int', value });
  }
  op(name: string, ...args: readonly Expression[]): CallNode {
    return this.nodes.call(this.at, name, args);
  }
  /** `condition ? step : the accumulator as it is`. */
  when(condition: Expression, step: Expression): Expression {
    return this.op(OPERATORS.conditional, condition, step, this.accumulator);
  }
  fold(parts: Pick<FoldNode, 'start' | 'step'> & Partial<Pick<FoldNode, 'condition' | 'result'>>): FoldNode {
    const [variable = '', second] = this.variables;
    const { condition = this.bool(true), result = this.accumulator } = parts;
    return this.nodes.fold(this.at, { range: this.target, variable, second, ...parts, condition, result });
  }
  append(element: Expression): Expression {
    return this.op('_+_', this.accumulator, this.nodes.list(this.at, [element]));
  }
}

const all: Macro = (e) =>
  e.fold({
    start: e.bool(true),
    condition: e.op(OPERATORS.notStrictlyFalse, e.accumulator),
    step: e.op(OPERATORS.and, e.accumulator, e.argument(0)),
  });
const exists: Macro = (e) =>
  e.fold({
    start: e.bool(false),
    condition: e.op(OPERATORS.notStrictlyFalse, e.op(OPERATORS.not, e.accumulator)),
    step: e.op(OPERATORS.or, e.accumulator, e.argument(0)),
  });
const existsOne: Macro = (e) =>
  e.fold({
    start: e.int(0n),
    step: e.when(e.argument(0), e.op('_+_', e.accumulator, e.int(1n))),
    result: e.op('_==_', e.accumulator, e.int(1n)),
  });
const filter: Macro = (e) =>
  e.fold({ start: e.nodes.list(e.at, []), step: e.when(e.argument(0), e.append(e.variable(0))) });
const map: Macro = (e) => e.fold({ start: e.nodes.list(e.at, []), step: e.append(e.argument(0)) });
const filterMap: Macro = (e) =>
  e.fold({ start: e.nodes.list(e.at, []), step: e.when(e.argument(0), e.append(e.argument(1))) });
/** Adds an entry to the accumulated map. */
const insert = (e: Expansion, value: Expression): Expression =>
  e.op('cel.@mapInsert', e.accumulator, e.variable(0), value);
const transformMap: Macro = (e) => e.fold({ start: e.nodes.map(e.at, []), step: insert(e, e.argument(0)) });
const filterTransformMap: Macro = (e) =>
  e.fold({ start: e.nodes.map(e.at, []), step: e.when(e.argument(0), insert(e, e.argument(1))) });
const insertAll = (e: Expansion, entry: Expression): Expression => e.op('cel.@mapInsert', e.accumulator, entry);
const transformMapEntry: Macro = (e) => e.fold({ start: e.nodes.map(e.at, []), step: insertAll(e, e.argument(0)) });
const filterTransformMapEntry: Macro = (e) =>
  e.fold({ start: e.nodes.map(e.at, []), step: e.when(e.argument(0), insertAll(e, e.argument(1))) });

/** A fold over the value of an optional, if it has one. The target is evaluated once, however such macros are chained. */
const optional =
  (wrap: (e: Expansion, body: Expression) => Expression): Macro =>
  (e) => ({
    ...e.fold({ start: e.op('optional.none'), step: wrap(e, e.argument(0)) }),
    range: e.op('@optionalValues', e.target),
  });
const optMap = optional((e, body) => e.op('optional.of', body));
const optFlatMap = optional((_e, body) => body);

/** Name that the sorted list is bound to; no expression can name it. */
const SORTED = '@sorted';
/** Lists the keys of all elements, then sorts the elements by them. A fold over one element binds the list. */
const sortBy: Macro = (e) => {
  const bound = e.nodes.ident(e.at, SORTED);
  const keys = { ...e.fold({ start: e.nodes.list(e.at, []), step: e.append(e.argument(0)) }), range: bound };
  const step = e.op('@sortByAssociatedKeys', e.nodes.ident(e.at, SORTED), keys);
  const once = e.fold({ start: e.nodes.list(e.at, []), step });
  return { ...once, range: e.nodes.list(e.at, [e.target]), variable: SORTED };
};

const MACROS: ReadonlyMap<string, { readonly variables: number; readonly build: Macro }> = new Map([
  ['all/2', { variables: 1, build: all }],
  ['exists/2', { variables: 1, build: exists }],
  ['exists_one/2', { variables: 1, build: existsOne }],
  ['existsOne/2', { variables: 1, build: existsOne }],
  ['filter/2', { variables: 1, build: filter }],
  ['map/2', { variables: 1, build: map }],
  ['map/3', { variables: 1, build: filterMap }],
  ['all/3', { variables: 2, build: all }],
  ['exists/3', { variables: 2, build: exists }],
  ['existsOne/3', { variables: 2, build: existsOne }],
  ['exists_one/3', { variables: 2, build: existsOne }],
  ['transformList/3', { variables: 2, build: map }],
  ['transformList/4', { variables: 2, build: filterMap }],
  ['transformMap/3', { variables: 2, build: transformMap }],
  ['transformMap/4', { variables: 2, build: filterTransformMap }],
  ['transformMapEntry/3', { variables: 2, build: transformMapEntry }],
  ['transformMapEntry/4', { variables: 2, build: filterTransformMapEntry }],
  ['optMap/2', { variables: 1, build: optMap }],
  ['optFlatMap/2', { variables: 1, build: optFlatMap }],
  ['sortBy/2', { variables: 1, build: sortBy }],
]);
