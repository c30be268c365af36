import type { Constant } from './ast.js';
import { unescaped } from './escapes.js';
import type { Issue } from './source.js';

export type Token =
  | { readonly is: 'symbol' | 'ident' | 'quoted' | 'end'; readonly text: string; readonly at: number }
  | { readonly is: 'literal'; readonly text: string; readonly at: number; readonly constant: Constant };

const SYMBOLS = /[()[\]{}.,?:+\-*/%<>!]|==|!=|<=|>=|&&|\|\||=|&|\|/y;
const LONG_SYMBOLS = /==|!=|<=|>=|&&|\|\|/y;
const BLANK = /(?:[ \t\r\n\f]+|\/\/[^\n]*)+/y;
const IDENT = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const QUOTED = /`[a-zA-Z0-9_.\-/ ]+`/y;
const NUMBER = /0x[0-9a-fA-F]+u?|(?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|[0-9]+u?/iy;
const STRING =
  /([rR]?[bB]?|[bB][rR])(?:"""[^]*?(?<!\\)(?:\\\\)*"""|'''[^]*?(?<!\\)(?:\\\\)*'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')/y;
const RAW_STRING = /(?:[rR][bB]?|[bB][rR])(?:"""[^]*?"""|'''[^]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y;

const INT_MAX = 2n ** 63n;
const UINT_MAX = 2n ** 64n - 1n;

/** Splits an expression into tokens. Positions are code points. Returns the first issue when it cannot. */
export function tokensOf(source: string): readonly Token[] | Issue {
  return new Lexer(source).all();
}

class Lexer {
  private index = 0;
  private at = 0;
  private readonly tokens: Token[] = [];

  constructor(private readonly source: string) {}

  all(): readonly Token[] | Issue {
    const { source, tokens } = this;
    for (;;) {
      const blank = this.match(BLANK);
      if (blank !== undefined) this.advance(blank);
      if (this.index >= source.length) break;
      const issue = this.next();
      if (issue) return issue;
    }
    tokens.push({ is: 'end', text: '<EOF>', at: this.at });
    return tokens;
  }

  private next(): Issue | undefined {
    const { at } = this;
    const string = this.match(RAW_STRING) ?? this.match(STRING);
    if (string !== undefined) return this.literal(string, stringOf(string));
    const number = this.match(NUMBER);
    if (number !== undefined) return this.literal(number, numberOf(number));
    const ident = this.match(IDENT);
    if (ident !== undefined) return this.push('ident', ident);
    const quoted = this.match(QUOTED);
    if (quoted !== undefined) return this.push('quoted', quoted);
    const symbol = this.match(LONG_SYMBOLS) ?? this.match(SYMBOLS);
    if (symbol !== undefined) return this.push('symbol', symbol);
    const rest = this.source.slice(this.index, this.index + 2);
    const unknown = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    return { at, message: `Syntax error: token recognition error at: '${unknown}'` };
  }

  private literal(text: string, constant: Constant | string): Issue | undefined {
    if (typeof constant === 'string') return { at: this.at, message: constant };
    this.tokens.push({ is: 'literal', text, at: this.at, constant });
    this.advance(text);
    return undefined;
  }
  private push(is: 'symbol' | 'ident' | 'quoted', text: string): undefined {
    this.tokens.push({ is, text, at: this.at });
    this.advance(text);
  }
  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.index;
    return pattern.exec(this.source)?.[0];
  }
  private advance(text: string): void {
    this.index += text.length;
    for (const _ of text) this.at++;
  }
}

/** A constant, or what is wrong with the text. */
function numberOf(text: string): Constant | string {
  if (!/^0x/i.test(text) && /[.eE]/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? { is: 'double', value } : 'invalid double literal';
  }
  if (/u$/i.test(text)) {
    const value = BigInt(text.slice(0, -1));
    return value <= UINT_MAX ? { is: 'uint', value } : 'invalid uint literal';
  }
  const value = BigInt(text);
  // One more than the maximum, so that the minimum can be written with its sign.
  return value <= INT_MAX ? { is: 'int', value } : 'invalid int literal';
}

function stringOf(text: string): Constant | string {
  const prefix = /^[rRbB]*/.exec(text)?.[0].toLowerCase() ?? '';
  const body = text.slice(prefix.length);
  const quotes = body.startsWith('"""') || body.startsWith("'''") ? 3 : 1;
  const inner = body.slice(quotes, -quotes).replace(/\r\n?/g, '\n');
  const isBytes = prefix.includes('b');
  if (prefix.includes('r')) {
    return isBytes ? { is: 'bytes', value: new TextEncoder().encode(inner) } : { is: 'string', value: inner };
  }
  const value = unescaped(inner, isBytes);
  if (value === undefined) return `invalid ${isBytes ? 'bytes' : 'string'} literal`;
  return typeof value === 'string' ? { is: 'string', value } : { is: 'bytes', value };
}
