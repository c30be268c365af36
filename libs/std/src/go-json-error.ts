import { goQuote } from './go-quote.js';
import { JSON_DEPTH_MAX } from './json.js';

/** What Go's decoder says about a text that is not JSON. Call it only for texts that do not parse. */
export function goJsonError(text: string): string {
  try {
    const scanner = new Scanner(text);
    scanner.value('looking for beginning of value');
    scanner.blanks();
    if (!scanner.isAtEnd) scanner.fail('after top-level value');
    return 'invalid JSON';
  } catch (cause) {
    if (cause instanceof SyntaxProblem) return cause.message;
    throw cause;
  }
}

class SyntaxProblem extends Error {}

class Scanner {
  private at = 0;
  private depth = 0;
  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }
  fail(context: string): never {
    if (this.isAtEnd) throw new SyntaxProblem('unexpected end of JSON input');
    const character = String.fromCodePoint(this.text.codePointAt(this.at) as number);
    throw new SyntaxProblem(`invalid character ${singleQuoted(character)} ${context}`);
  }
  blanks(): void {
    while (/[ \t\r\n]/.test(this.text.charAt(this.at))) this.at++;
  }
  value(context: string): void {
    this.blanks();
    const c = this.text.charAt(this.at);
    if (c === '{') this.nested(() => this.object());
    else if (c === '[') this.nested(() => this.array());
    else if (c === '"') this.string();
    else if (c === 't') this.literal('true');
    else if (c === 'f') this.literal('false');
    else if (c === 'n') this.literal('null');
    else if (c === '-' || (c >= '0' && c <= '9')) this.number();
    else this.fail(context);
  }
  /** Go's own limit is ten thousand levels; here the stack has to hold them. */
  private nested(read: () => void): void {
    if (++this.depth > JSON_DEPTH_MAX) throw new SyntaxProblem('exceeded max depth');
    read();
    this.depth--;
  }
  private object(): void {
    this.at++;
    this.blanks();
    if (this.take('}')) return;
    for (;;) {
      this.blanks();
      if (this.text.charAt(this.at) !== '"') this.fail('looking for beginning of object key string');
      this.string();
      this.blanks();
      if (!this.take(':')) this.fail('after object key');
      this.value('looking for beginning of value');
      this.blanks();
      if (this.take('}')) return;
      if (!this.take(',')) this.fail('after object key:value pair');
    }
  }
  private array(): void {
    this.at++;
    this.blanks();
    if (this.take(']')) return;
    for (;;) {
      this.value('looking for beginning of value');
      this.blanks();
      if (this.take(']')) return;
      if (!this.take(',')) this.fail('after array element');
    }
  }
  private string(): void {
    this.at++;
    for (;;) {
      const c = this.text.charAt(this.at);
      if (c === '' || c < ' ') this.fail('in string literal');
      this.at++;
      if (c === '"') return;
      if (c === '\\') this.escape();
    }
  }
  private escape(): void {
    const c = this.text.charAt(this.at);
    if (c === '' || !'"\\/bfnrtu'.includes(c)) this.fail('in string escape code');
    this.at++;
    if (c !== 'u') return;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.text.charAt(this.at))) this.fail('in \\u hexadecimal character escape');
      this.at++;
    }
  }
  private literal(word: string): void {
    this.at++;
    for (const expected of word.slice(1)) {
      if (this.text.charAt(this.at) !== expected) this.fail(`in literal ${word} (expecting ${singleQuoted(expected)})`);
      this.at++;
    }
  }
  private number(): void {
    this.take('-');
    if (!this.take('0')) this.digits('in numeric literal');
    if (this.take('.')) this.digits('after decimal point in numeric literal');
    if (/[eE]/.test(this.text.charAt(this.at))) {
      this.at++;
      if (/[+-]/.test(this.text.charAt(this.at))) this.at++;
      this.digits('in exponent of numeric literal');
    }
  }
  private digits(context: string): void {
    const isDigit = (): boolean => /\d/.test(this.text.charAt(this.at));
    if (!isDigit()) this.fail(context);
    while (isDigit()) this.at++;
  }
  private take(character: string): boolean {
    if (this.text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }
}

function singleQuoted(character: string): string {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  return `'${goQuote(character).slice(1, -1)}'`;
}

/** What Go's JSON decoder calls a value that it was given. */
export function goJsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
/** What Go's JSON decoder says of a value that does not go where it was to go. */
export function cannotUnmarshal(value: unknown, target: string): string {
  return `json: cannot unmarshal ${goJsonType(value)} into ${target}`;
}
