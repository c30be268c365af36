import {
  OPERATORS,
  type CallNode,
  type Constant,
  type Expression,
  type FoldNode,
  type ListNode,
  type MapNode,
  type SelectNode,
  type StructNode,
} from '../syntax/ast.js';
import { nameOf } from '../syntax/parser.js';
import type { Issue } from '../syntax/source.js';
import type { Functions, Overload } from '../functions/overload.js';
import {
  BOOL,
  DYN,
  ERROR,
  INT,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  STRING,
  typeOf,
  typeText,
  type Type,
} from './types.js';
import { Bindings, isAny, isSameType, TooComplex } from './unify.js';

/** What an expression may refer to. */
export interface Scope {
  readonly variables: ReadonlyMap<string, Type>;
  readonly functions: Functions;
}

/** What is known about an expression after its check. */
export interface Checked {
  readonly type: Type;
  /** By node: the type. */
  readonly types: ReadonlyMap<number, Type>;
  /** By node: the qualified name that a chain of selections turned out to be, such as `optional.none`. */
  readonly names: ReadonlyMap<number, string>;
  /** Types whose names may be used as values. */
  readonly typeNames: ReadonlyMap<string, Type>;
  /** By call: the overloads that its arguments may fit. */
  readonly overloads: ReadonlyMap<number, readonly Overload[]>;
}

/** Types as values: `type(x) == int`. */
const TYPE_NAMES: ReadonlyMap<string, Type> = new Map([
  ...(['bool', 'int', 'uint', 'double', 'string', 'bytes'] as const).map((kind): [string, Type] => [kind, { kind }]),
  ['null_type', NULL],
  ['list', listOf(DYN)],
  ['map', mapOf(DYN, DYN)],
  ['type', typeOf(DYN)],
  ['optional_type', optionalOf(DYN)],
  ['google.protobuf.Timestamp', { kind: 'timestamp' }],
  ['google.protobuf.Duration', { kind: 'duration' }],
]);

/** Infers types and resolves names and overloads. Finds all issues that do not follow from another. */
export function checked(expression: Expression, scope: Scope): Checked | readonly Issue[] {
  const checker = new Checker(scope);
  try {
    const type = checker.check(expression);
    return checker.issues.length > 0 ? checker.issues : checker.outcome(type);
  } catch (cause) {
    if (!(cause instanceof TooComplex)) throw cause;
    return [{ at: expression.at, message: 'the types of the expression are too complex' }];
  }
}

class Checker {
  readonly issues: Issue[] = [];
  private readonly bindings = new Bindings();
  private readonly types = new Map<number, Type>();
  private readonly names = new Map<number, string>();
  private readonly overloads = new Map<number, readonly Overload[]>();
  /** Variables of the folds around, the innermost last. */
  private readonly locals: ReadonlyMap<string, Type>[] = [];

  constructor(private readonly scope: Scope) {}

  outcome(type: Type): Checked {
    const types = new Map([...this.types].map(([id, inferred]) => [id, this.bindings.settled(inferred)]));
    return {
      type: this.bindings.settled(type),
      types,
      names: this.names,
      overloads: this.overloads,
      typeNames: TYPE_NAMES,
    };
  }

  check(expression: Expression): Type {
    const type = this.infer(expression);
    this.types.set(expression.id, type);
    return type;
  }

  private infer(expression: Expression): Type {
    switch (expression.node) {
      case 'constant':
        return constantType(expression.constant);
      case 'ident':
        return this.variable(expression.name) ?? this.undeclared(expression, expression.name);
      case 'select':
        return this.select(expression);
      case 'call':
        return this.call(expression);
      case 'list':
        return this.list(expression);
      case 'map':
        return this.map(expression);
      case 'struct':
        return this.struct(expression);
      case 'fold':
        return this.fold(expression);
    }
  }

  private variable(name: string): Type | undefined {
    const plain = name.startsWith('.') ? name.slice(1) : name;
    if (plain === name)
      for (const scope of this.locals.toReversed()) {
        const type = scope.get(name);
        if (type) return type;
      }
    const type = this.scope.variables.get(plain);
    if (type) return type;
    const named = TYPE_NAMES.get(plain);
    return named && typeOf(named);
  }
  private undeclared({ at }: Expression, name: string): Type {
    return this.issue(at, `undeclared reference to '${name}' (in container '')`);
  }

  private select(node: SelectNode): Type {
    const qualified = nameOf(node);
    const whole = qualified === undefined || node.isTest ? undefined : this.global(qualified);
    if (qualified !== undefined && whole) {
      this.names.set(node.id, qualified);
      return whole;
    }
    const operand = this.bindings.resolved(this.check(node.operand));
    const type = this.field(node, operand, node.field);
    return node.isTest ? BOOL : type;
  }
  /** A variable or type with dots in its name; what a fold binds hides it. */
  private global(qualified: string): Type | undefined {
    const [first = ''] = qualified.split('.', 1);
    return this.locals.some((scope) => scope.has(first)) ? undefined : this.variable(qualified);
  }

  private field({ at }: Expression, operand: Type, name: string): Type {
    switch (operand.kind) {
      case 'dyn':
      case 'error':
        return operand;
      case 'param':
        return DYN;
      case 'map':
        if (!this.bindings.assigns([operand.key], [STRING])) return this.noField(at, operand);
        return operand.value;
      case 'object':
        return operand.field(name) ?? this.issue(at, `undefined field '${name}'`);
      case 'optional':
        return optionalOf(this.field({ at } as Expression, this.bindings.resolved(operand.of), name));
      default:
        return this.noField(at, operand);
    }
  }
  private noField(at: number, operand: Type): Type {
    return this.issue(at, `type '${typeText(this.bindings.settled(operand))}' does not support field selection`);
  }

  private call(node: CallNode): Type {
    const { target, args } = node;
    if (node.name === OPERATORS.optionalSelect) return this.optionalSelect(node);
    const qualified = target && nameOf(target);
    const name = qualified === undefined ? undefined : `${qualified}.${node.name}`;
    const isGlobal = name !== undefined && this.scope.functions.has(name) && this.global(qualified ?? '') === undefined;
    if (isGlobal && name !== undefined) this.names.set(node.id, name);
    const called = isGlobal && name !== undefined ? name : node.name.replace(/^\./, '');
    const operands = target && !isGlobal ? [target, ...args] : args;
    // The name comes first in the source, so an unknown one is reported beside what its arguments lack.
    const types = operands.map((operand) => this.check(operand));
    if (!this.scope.functions.has(called)) return this.undeclared(node, called);
    return this.resolve(node, called, { types, isMember: target !== undefined && !isGlobal });
  }
  private optionalSelect(node: CallNode): Type {
    const [operand, field] = node.args as [Expression, Expression];
    const type = this.bindings.resolved(this.check(operand));
    this.check(field);
    const name = field.node === 'constant' && field.constant.is === 'string' ? field.constant.value : '';
    const inner = this.field(node, type.kind === 'optional' ? this.bindings.resolved(type.of) : type, name);
    return optionalOf(inner);
  }

  /** The result of all overloads that fit; `dyn` when those differ. */
  private resolve(
    { id, at }: CallNode,
    name: string,
    { types, isMember }: { readonly types: readonly Type[]; readonly isMember: boolean },
  ): Type {
    const fitting: Overload[] = [];
    let result: Type | undefined;
    for (const overload of this.scope.functions.overloads(name)) {
      if (overload.isMember !== isMember || overload.args.length !== types.length) continue;
      const own = new Map<string, Type>();
      const args = overload.args.map((arg) => this.bindings.instance(arg, own));
      if (!this.bindings.assigns(args, types)) continue;
      const type = this.bindings.resolved(this.bindings.instance(overload.result, own));
      fitting.push(overload);
      result = result === undefined || isSameType(result, type) ? type : DYN;
    }
    this.overloads.set(id, fitting);
    if (result) return result;
    const texts = types.map((type) => typeText(this.bindings.settled(type)));
    const [first, ...rest] = texts;
    const applied = isMember ? `${first}.(${rest.join(', ')})` : `(${texts.join(', ')})`;
    if (types.some(({ kind }) => kind === 'error')) return ERROR;
    return this.issue(at, `found no matching overload for '${name}' applied to '${applied}'`);
  }

  private list({ elements, optional }: ListNode): Type {
    let joined: Type | undefined;
    elements.forEach((element, i) => {
      const type = this.check(element);
      joined = this.joined(joined, optional.has(i) ? this.unwrapped(element, type) : type);
    });
    return listOf(joined ?? this.bindings.newParam());
  }
  private map({ entries }: MapNode): Type {
    let key: Type | undefined;
    let value: Type | undefined;
    for (const entry of entries) {
      key = this.joined(key, this.check(entry.key));
      const type = this.check(entry.value);
      value = this.joined(value, entry.isOptional ? this.unwrapped(entry.value, type) : type);
    }
    return mapOf(key ?? this.bindings.newParam(), value ?? this.bindings.newParam());
  }
  private joined(known: Type | undefined, type: Type): Type {
    if (known === undefined) return type;
    if (isAny(known)) return known;
    if (isAny(type)) return type;
    return this.bindings.assigns([known], [type]) ? known : DYN;
  }
  private unwrapped({ at }: Expression, type: Type): Type {
    const resolved = this.bindings.resolved(type);
    if (resolved.kind === 'optional') return resolved.of;
    if (isAny(resolved)) return resolved;
    return this.issue(at, `expected type 'optional_type(${typeText(resolved)})' but found '${typeText(resolved)}'`);
  }

  private struct({ at, name, fields }: StructNode): Type {
    for (const { value } of fields) this.check(value);
    return this.issue(at, `undeclared reference to '${name}' (in container '')`);
  }

  private fold(node: FoldNode): Type {
    const { variable, second, accumulator } = node;
    const range = this.bindings.resolved(this.check(node.range));
    const accumulated = this.check(node.start);
    const [first, other] = this.elements(node, range);
    const outer = new Map([[accumulator, accumulated]]);
    const inner = new Map(
      second === undefined
        ? [[variable, range.kind === 'map' ? other : first]]
        : [
            [variable, other],
            [second, first],
          ],
    );
    this.locals.push(outer, inner);
    this.expect(node.condition, this.check(node.condition), BOOL);
    this.expect(node.step, this.check(node.step), accumulated);
    this.locals.pop();
    const result = this.check(node.result);
    this.locals.pop();
    return result;
  }
  /** The type of the one variable, and of the first of two. */
  private elements({ range: { at } }: FoldNode, range: Type): readonly [Type, Type] {
    switch (range.kind) {
      case 'list':
        return [range.of, INT];
      case 'map':
        return [range.value, range.key];
      case 'dyn':
      case 'error':
      case 'param':
        return [DYN, DYN];
      default: {
        const text = typeText(this.bindings.settled(range));
        this.issue(
          at,
          `expression of type '${text}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [ERROR, ERROR];
      }
    }
  }
  private expect({ at }: Expression, type: Type, expected: Type): void {
    if (this.bindings.assigns([expected], [type])) return;
    const [wanted, found] = [expected, type].map((one) => typeText(this.bindings.settled(one)));
    this.issue(at, `expected type '${wanted}' but found '${found}'`);
  }
  private issue(at: number, message: string): Type {
    this.issues.push({ at, message });
    return ERROR;
  }
}

function constantType({ is }: Constant): Type {
  return { kind: is };
}
