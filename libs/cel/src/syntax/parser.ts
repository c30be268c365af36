import { OPERATORS, type CallNode, type Constant, type Entry, type Expression, type ListNode } from './ast.js';
import { partsOf } from './parts.js';
import { tokensOf, type Token } from './lexer.js';
import { expanded, Nodes } from './macros.js';
import type { Issue } from './source.js';

/** Code points of an expression. */
export const SOURCE_MAX = 100_000;
/** Depth of nesting; a chain of `a + b + c` nests too. It bounds the stack of everything that walks the tree. */
export const DEPTH_MAX = 250;

/** Levels of a tree with its macros expanded: chains within chains are higher than any of them is deep. */
const HEIGHT_MAX = 1000;
const DEEP = `expression recursion limit exceeded: ${DEPTH_MAX}`;

export interface Parsed {
  readonly expression: Expression;
  /** Nodes of the tree. */
  readonly size: number;
}

/** Parses an expression and expands its macros. Takes linear time. */
export function parsed(source: string): Parsed | readonly Issue[] {
  let length = 0;
  for (const _ of source) length++;
  if (length > SOURCE_MAX)
    return [{ at: 0, message: `expression code point size exceeds limit: size: ${length}, limit ${SOURCE_MAX}` }];
  const tokens = tokensOf(source);
  if ('message' in tokens) return [tokens];
  const parser = new Parser(tokens);
  try {
    const expression = parser.whole();
    if (heightOf(expression) > HEIGHT_MAX) return [{ at: 0, message: DEEP }];
    return parser.issues.length > 0 ? parser.issues : { expression, size: parser.nodes.count };
  } catch (cause) {
    if (!(cause instanceof SyntaxIssue)) throw cause;
    return [cause.issue];
  }
}

/** Unwinds the parser; never leaves this file. */
class SyntaxIssue extends Error {
  constructor(readonly issue: Issue) {
    super(issue.message);
  }
}

const RELATIONS: ReadonlyMap<string, string> = new Map(
  ['==', '!=', '<', '<=', '>', '>=', 'in'].map((text) => [text, text === 'in' ? OPERATORS.in : `_${text}_`]),
);
const SUMS: ReadonlyMap<string, string> = new Map(['+', '-'].map((text) => [text, `_${text}_`]));
const PRODUCTS: ReadonlyMap<string, string> = new Map(['*', '/', '%'].map((text) => [text, `_${text}_`]));
const RESERVED = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const WORDS = new Set(['in', 'true', 'false', 'null']);
const OPERAND =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

class Parser {
  readonly nodes = new Nodes();
  readonly issues: Issue[] = [];
  private index = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Expression {
    const expression = this.ternary();
    const token = this.peek();
    if (token.is === 'end') return expression;
    const follows = this.tokens[this.index + 1];
    const kind = follows?.is === 'end' ? 'extraneous' : 'mismatched';
    return this.fail(token, `${kind} input '${token.text}' expecting <EOF>`);
  }

  private ternary(): Expression {
    return this.nested(() => {
      const condition = this.or();
      const mark = this.peek();
      if (!this.takes('?')) return condition;
      const whenTrue = this.or();
      this.expect(':');
      const whenFalse = this.ternary();
      return this.nodes.call(mark.at, OPERATORS.conditional, [condition, whenTrue, whenFalse]);
    });
  }
  private or(): Expression {
    return this.balanced('||', OPERATORS.or, () => this.balanced('&&', OPERATORS.and, () => this.relation()));
  }

  /** `a && b && c` becomes a balanced tree: long chains are common, and none of them is deep. */
  private balanced(symbol: string, name: string, operand: () => Expression): Expression {
    const terms = [operand()];
    const places: number[] = [];
    for (let token = this.peek(); this.takes(symbol); token = this.peek()) {
      places.push(token.at);
      terms.push(operand());
    }
    const tree = (from: number, to: number): Expression => {
      if (to - from === 1) return terms[from] as Expression;
      const middle = (from + to) >> 1;
      return this.nodes.call(places[middle - 1] ?? 0, name, [tree(from, middle), tree(middle, to)]);
    };
    return tree(0, terms.length);
  }

  private relation(): Expression {
    return this.chain(RELATIONS, () => this.chain(SUMS, () => this.chain(PRODUCTS, () => this.unary())));
  }
  private chain(names: ReadonlyMap<string, string>, operand: () => Expression): Expression {
    let left = operand();
    let links = 0;
    for (;;) {
      const token = this.peek();
      const name = token.is === 'symbol' || token.text === 'in' ? names.get(token.text) : undefined;
      if (name === undefined) break;
      this.index++;
      this.deepen(++links);
      left = this.nodes.call(token.at, name, [left, operand()]);
    }
    return left;
  }

  private unary(): Expression {
    const token = this.peek();
    if (token.is !== 'symbol' || (token.text !== '!' && token.text !== '-')) return this.member();
    let count = 0;
    while (this.takes(token.text)) count++;
    const isSign = token.text === '-';
    const literal = isSign && count % 2 === 1 ? negated(this.peek()) : undefined;
    if (literal) {
      this.index++;
      return this.members(this.nodes.constant(token.at, literal));
    }
    const operand = this.member();
    if (count % 2 === 0) return operand;
    return this.nodes.call(token.at, isSign ? OPERATORS.negate : OPERATORS.not, [operand]);
  }

  private member(): Expression {
    return this.members(this.primary());
  }
  private members(start: Expression): Expression {
    let operand = start;
    for (let links = 1; ; links++) {
      const token = this.peek();
      if (this.takes('.')) operand = this.selection(operand, token);
      else if (this.takes('[')) operand = this.indexing(operand, token);
      else return operand;
      this.deepen(links);
    }
  }
  private selection(operand: Expression, dot: Token): Expression {
    const isOptional = this.takes('?');
    const token = this.peek();
    if (token.is === 'end') return this.fail(token, `no viable alternative at input '.'`);
    if (token.is !== 'ident' && token.is !== 'quoted')
      return this.fail(token, `no viable alternative at input '.${token.text}'`);
    if (WORDS.has(token.text)) return this.fail(token, `no viable alternative at input '.${token.text}'`);
    this.index++;
    const field = token.is === 'quoted' ? token.text.slice(1, -1) : token.text;
    if (isOptional) {
      const name = this.nodes.constant(token.at, { is: 'string', value: field });
      return this.nodes.call(dot.at, OPERATORS.optionalSelect, [operand, name]);
    }
    const open = this.peek();
    if (token.is === 'ident' && this.takes('('))
      return this.macro(this.nodes.call(open.at, field, this.arguments(), operand));
    if (open.text === '{' && open.is === 'symbol') {
      const name = nameOf(operand);
      if (name !== undefined) return this.struct(`${name}.${field}`);
    }
    return this.nodes.select(dot.at, operand, field);
  }
  private indexing(operand: Expression, open: Token): Expression {
    const isOptional = this.takes('?');
    const index = this.ternary();
    this.expect(']');
    return this.nodes.call(open.at, isOptional ? OPERATORS.optionalIndex : OPERATORS.index, [operand, index]);
  }

  private primary(): Expression {
    const token = this.peek();
    if (token.is === 'literal') {
      this.index++;
      if (token.constant.is === 'int' && token.constant.value > 2n ** 63n - 1n)
        this.issues.push({ at: token.at, message: 'invalid int literal' });
      return this.nodes.constant(token.at, token.constant);
    }
    if (token.is === 'ident') return this.identifier(token, '');
    if (token.is === 'symbol') {
      this.index++;
      if (token.text === '(') {
        const inner = this.ternary();
        this.expect(')');
        return inner;
      }
      if (token.text === '[') return this.list(token);
      if (token.text === '{') return this.map(token);
      if (token.text === '.' && this.peek().is === 'ident') return this.identifier(this.peek(), '.');
      this.index--;
    }
    return this.fail(token, `mismatched input '${token.text}' expecting ${OPERAND}`);
  }
  private identifier(token: Token, prefix: string): Expression {
    this.index++;
    const { text, at } = token;
    if (text === 'true' || text === 'false') return this.nodes.constant(at, { is: 'bool', value: text === 'true' });
    if (text === 'null') return this.nodes.constant(at, { is: 'null' });
    if (text === 'in') return this.fail(token, `mismatched input 'in' expecting ${OPERAND}`);
    if (RESERVED.has(text)) this.issues.push({ at, message: `reserved identifier: ${text}` });
    const open = this.peek();
    if (this.takes('(')) return this.macro(this.nodes.call(open.at, prefix + text, this.arguments()));
    if (open.is === 'symbol' && open.text === '{') return this.struct(prefix + text);
    return this.nodes.ident(at, prefix + text);
  }

  private list(open: Token): ListNode {
    const optional = new Set<number>();
    const elements = this.items(']', (i) => {
      if (this.takes('?')) optional.add(i);
      return this.ternary();
    });
    return this.nodes.list(open.at, elements, optional);
  }
  private map(open: Token): Expression {
    const entries = this.items('}', (): Entry => {
      const isOptional = this.takes('?');
      const key = this.ternary();
      const colon = this.expect(':');
      return { id: this.nodes.next(), at: colon.at, key, value: this.ternary(), isOptional };
    });
    return this.nodes.map(open.at, entries);
  }
  private struct(name: string): Expression {
    const open = this.expect('{');
    const fields = this.items('}', () => {
      const token = this.peek();
      if (token.is !== 'ident' && token.is !== 'quoted')
        return this.fail(token, `mismatched input '${token.text}' expecting '}'`);
      this.index++;
      const colon = this.expect(':');
      return { name: token.text.replaceAll('`', ''), value: this.ternary(), at: colon.at };
    });
    return this.nodes.struct(open.at, name, fields);
  }
  private arguments(): readonly Expression[] {
    return this.items(')', () => this.ternary());
  }
  /** What stands between commas up to the closing symbol; lists and maps may end with a comma. */
  private items<T>(close: string, item: (index: number) => T): readonly T[] {
    const items: T[] = [];
    while (!this.takes(close)) {
      items.push(item(items.length));
      if (this.takes(',')) {
        if (close === ')' && this.peek().text === ')') this.primary();
        continue;
      }
      this.expect(close);
      break;
    }
    return items;
  }

  private macro(call: CallNode): Expression {
    const result = expanded(call, this.nodes);
    if (!('message' in result)) return result;
    this.issues.push(result);
    return call;
  }

  private nested<T>(work: () => T): T {
    this.depth++;
    this.deepen(0);
    const result = work();
    this.depth--;
    return result;
  }
  private deepen(links: number): void {
    if (this.depth + links > DEPTH_MAX) throw new SyntaxIssue({ at: this.peek().at, message: DEEP });
  }
  private peek(): Token {
    return this.tokens[this.index] as Token;
  }
  private takes(symbol: string): boolean {
    const { is, text } = this.peek();
    if (is !== 'symbol' || text !== symbol) return false;
    this.index++;
    return true;
  }
  private expect(symbol: string): Token {
    const token = this.peek();
    if (this.takes(symbol)) return token;
    if (token.is === 'end') return this.fail(token, `missing '${symbol}' at '<EOF>'`);
    return this.fail(token, `mismatched input '${token.text}' expecting '${symbol}'`);
  }
  private fail(token: Token, message: string): never {
    throw new SyntaxIssue({ at: token.at, message: `Syntax error: ${message}` });
  }
}

/** Levels of the tree, found without recursion. */
function heightOf(expression: Expression): number {
  let height = 0;
  for (let level: readonly Expression[] = [expression]; level.length > 0; height++) level = level.flatMap(partsOf);
  return height;
}

/** A sign belongs to its number: the smallest integer has no positive counterpart. */
function negated(token: Token): Constant | undefined {
  const constant = token.is === 'literal' ? token.constant : undefined;
  if (constant?.is === 'int') return { is: 'int', value: -constant.value };
  return constant?.is === 'double' ? { is: 'double', value: -constant.value } : undefined;
}

/** `a.b` as a qualified name; undefined for anything that is none. */
export function nameOf(expression: Expression): string | undefined {
  if (expression.node === 'ident') return expression.name;
  if (expression.node !== 'select' || expression.isTest) return undefined;
  const operand = nameOf(expression.operand);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
}
