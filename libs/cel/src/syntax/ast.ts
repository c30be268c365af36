/** Value of a literal. */
export type Constant =
  | { readonly is: 'null' }
  | { readonly is: 'bool'; readonly value: boolean }
  | { readonly is: 'int' | 'uint'; readonly value: bigint }
  | { readonly is: 'double'; readonly value: number }
  | { readonly is: 'string'; readonly value: string }
  | { readonly is: 'bytes'; readonly value: Uint8Array };

interface Node {
  /** Number of the node, unique in its expression. */
  readonly id: number;
  /** Code point offset that errors about the node point at. */
  readonly at: number;
}
export interface ConstantNode extends Node {
  readonly node: 'constant';
  readonly constant: Constant;
}
export interface IdentNode extends Node {
  readonly node: 'ident';
  readonly name: string;
}
export interface SelectNode extends Node {
  readonly node: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** `has(a.b)`: whether the field is there, not its value. */
  readonly isTest: boolean;
}
export interface CallNode extends Node {
  readonly node: 'call';
  readonly name: string;
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
}
export interface ListNode extends Node {
  readonly node: 'list';
  readonly elements: readonly Expression[];
  /** Indexes of `?element`: an optional whose value, if any, is the element. */
  readonly optional: ReadonlySet<number>;
}
export interface Entry {
  readonly id: number;
  readonly at: number;
  readonly key: Expression;
  readonly value: Expression;
  readonly isOptional: boolean;
}
export interface MapNode extends Node {
  readonly node: 'map';
  readonly entries: readonly Entry[];
}
/** `Name{field: value}`. */
export interface StructNode extends Node {
  readonly node: 'struct';
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly value: Expression; readonly at: number }[];
}
/** What the macros expand to: a fold over a list or the keys of a map. */
export interface FoldNode extends Node {
  readonly node: 'fold';
  readonly range: Expression;
  readonly variable: string;
  /** With two variables: index and element, or key and value. */
  readonly second: string | undefined;
  readonly accumulator: string;
  readonly start: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}
/** Binds a name to a value that is computed once: `optMap`, `optFlatMap`. */
export type Expression = ConstantNode | IdentNode | SelectNode | CallNode | ListNode | MapNode | StructNode | FoldNode;

/** Names of operators as functions. */
export const OPERATORS = {
  conditional: '_?_:_',
  and: '_&&_',
  or: '_||_',
  not: '!_',
  negate: '-_',
  index: '_[_]',
  optionalIndex: '_[?_]',
  optionalSelect: '_?._',
  in: '@in',
  notStrictlyFalse: '@not_strictly_false',
} as const;

/** The name of the accumulator of folds; no expression can name it. */
export const ACCUMULATOR = '@result';
