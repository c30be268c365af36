import { labelValueProblems, qualifiedName } from './names.js';
import { parsed, unparsed, type Parsed } from './problem.js';

export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!';
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** Sorted, without repeats. */
  readonly values: readonly string[];
}

type TokenKind = 'word' | 'end' | 'in' | 'notin' | '=' | '==' | '!=' | '>' | '<' | '!' | '(' | ')' | ',';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const BLANKS = /[ \t\r\n]*/y;
const SIGN = /==|!=|[=!(),><]/y;
const WORD = /[^=!(),>< \t\r\n]+/y;
const KEYWORDS: ReadonlySet<string> = new Set<TokenKind>(['in', 'notin']);
const END: Token = { kind: 'end', text: '' };

/** Requirements of a label selector's text, in the order of their keys, or Kubernetes' sentence about what is wrong. */
export function parseRequirements(text: string): Parsed<readonly Requirement[]> {
  const tokens = new Tokens(text);
  const found: Requirement[] = [];
  for (;;) {
    const next = tokens.peek();
    if (next.kind === 'end') break;
    if (next.kind !== 'word' && next.kind !== '!') {
      return unparsed(`found '${next.text}', expected: !, identifier, or 'end of string'`);
    }
    const one = requirement(tokens);
    if (!one.ok) return unparsed(`unable to parse requirement: ${one.message}`);
    found.push(one.value);
    const after = tokens.take();
    if (after.kind === 'end') break;
    if (after.kind !== ',') return unparsed(`found '${after.text}', expected: ',' or 'end of string'`);
    const following = tokens.peek();
    if (following.kind !== 'word' && following.kind !== '!') {
      return unparsed(`found '${following.text}', expected: identifier after ','`);
    }
  }
  return parsed(sortedByKey(found));
}

export function sortedByKey(requirements: readonly Requirement[]): readonly Requirement[] {
  return [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function requirement(tokens: Tokens): Parsed<Requirement> {
  let token = tokens.take();
  const negated = token.kind === '!';
  if (negated) token = tokens.take();
  if (token.kind !== 'word') return unparsed(`found '${token.text}', expected: identifier`);
  const key = token.text;
  const wrongKey = keyProblem(key);
  if (wrongKey !== undefined) return unparsed(wrongKey);
  const next = tokens.peek().kind;
  if (negated) return parsed({ key, operator: '!', values: [] });
  if (next === 'end' || next === ',') return parsed({ key, operator: 'exists', values: [] });
  const operator = operatorOf(tokens.take(true));
  if (!operator.ok) return operator;
  const listed = operator.value === 'in' || operator.value === 'notin';
  const values = listed ? valueList(tokens) : exactValue(tokens);
  if (!values.ok) return values;
  return makeRequirement(key, operator.value, values.value);
}

function operatorOf(token: Token): Parsed<Operator> {
  switch (token.kind) {
    case 'in':
    case 'notin':
    case '=':
    case '==':
    case '!=':
      return parsed(token.kind);
    case '>':
      return parsed('gt');
    case '<':
      return parsed('lt');
    default:
      return unparsed(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

/** `(a, b)`; empty places between the commas, and an empty list, stand for the empty value. */
function valueList(tokens: Tokens): Parsed<readonly string[]> {
  const open = tokens.take();
  if (open.kind !== '(') return unparsed(`found '${open.text}' expected: '('`);
  const first = tokens.peek();
  if (first.kind === ')') {
    tokens.take();
    return parsed(['']);
  }
  if (first.kind !== 'word' && first.kind !== ',') {
    return unparsed(`found '${first.text}', expected: ',', ')' or identifier`);
  }
  const values: string[] = [];
  for (;;) {
    const token = tokens.take();
    if (token.kind === 'word') {
      values.push(token.text);
      const next = tokens.peek();
      if (next.kind === ')') break;
      if (next.kind !== ',') return unparsed(`found '${next.text}', expected: ',' or ')'`);
    } else if (token.kind === ',') {
      if (values.length === 0) values.push('');
      const next = tokens.peek();
      if (next.kind === ')') {
        values.push('');
        break;
      }
      if (next.kind === ',') {
        tokens.take();
        values.push('');
      }
    } else return unparsed(`found '${token.text}', expected: ',', or identifier`);
  }
  tokens.take();
  return parsed(values);
}

function exactValue(tokens: Tokens): Parsed<readonly string[]> {
  const next = tokens.peek();
  if (next.kind === 'end' || next.kind === ',') return parsed(['']);
  const token = tokens.take();
  if (token.kind === 'word') return parsed([token.text]);
  return unparsed(`found '${token.text}', expected: identifier`);
}

function keyProblem(key: string): string | undefined {
  const problems = qualifiedName(key);
  if (problems.length === 0) return undefined;
  return `<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`;
}

/** Checks a requirement's values as Kubernetes does when it makes one. */
export function makeRequirement(key: string, operator: Operator, values: readonly string[]): Parsed<Requirement> {
  const sorted = [...new Set(values)].sort();
  const problems: string[] = [];
  if ((operator === 'gt' || operator === 'lt') && !isInt64(sorted[0] ?? '')) {
    const value = JSON.stringify(sorted[0] ?? '');
    problems.push(`values[0]: Invalid value: ${value}: for 'Gt', 'Lt' operators, the value must be an integer`);
  }
  sorted.forEach((value, i) => {
    const wrong = labelValueProblems(value);
    if (wrong.length > 0) {
      problems.push(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join('; ')}`);
    }
  });
  if (problems.length === 0) return parsed({ key, operator, values: sorted });
  return unparsed(problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`);
}

const INT64 = /^[+-]?\d+$/;
export function isInt64(text: string): boolean {
  if (!INT64.test(text)) return false;
  if (text.length < 18) return true;
  // More digits than a label may have: not worth the arithmetic.
  if (text.length > 64) return false;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value >= -(2n ** 63n) && value < 2n ** 63n;
}

/** The selector's words, one at a time. `in` and `notin` are words like any other where a key or a value may stand. */
class Tokens {
  private at = 0;
  /** The token that was looked at and not taken yet. */
  private next: Token | undefined;
  constructor(private readonly text: string) {}

  peek(): Token {
    return (this.next ??= this.read());
  }

  take(keywords = false): Token {
    const token = this.peek();
    this.next = undefined;
    const isKeyword = keywords && token.kind === 'word' && KEYWORDS.has(token.text);
    return isKeyword ? { kind: token.text as TokenKind, text: token.text } : token;
  }

  private read(): Token {
    this.matched(BLANKS);
    const sign = this.matched(SIGN);
    if (sign !== undefined) return { kind: sign as TokenKind, text: sign };
    const word = this.matched(WORD);
    return word === undefined ? END : { kind: 'word', text: word };
  }

  private matched(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const [text] = pattern.exec(this.text) ?? [];
    if (text !== undefined) this.at += text.length;
    return text;
  }
}
