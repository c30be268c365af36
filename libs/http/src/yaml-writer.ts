import {
  stringify,
  type ToStringOptions,
  type CreateNodeOptions,
  type DocumentOptions,
  type SchemaOptions,
} from 'yaml';

/** The forms of the library that stand for Kubernetes' own. */
const OPTIONS: CreateNodeOptions & DocumentOptions & SchemaOptions & ToStringOptions = {
  sortMapEntries: true,
  indentSeq: false,
  lineWidth: 0,
  singleQuote: true,
  aliasDuplicateObjects: false,
};
/** A part ends with the first line beyond so many characters, or what takes as long to write. */
const PART_CHARACTERS = 16 * 1024;
/** One text that the library writes takes as long as so many characters of others. */
const LIBRARY_CHARACTERS = 512;
/** A longer key may have to be written in YAML's form for long ones, which begins at 1,024 characters with the quotes. */
const PLAIN_KEY_MAX = 500;

/** A map or a list that is being written. */
interface Open {
  /** Of a map, sorted; undefined for a list. */
  readonly keys: readonly string[] | undefined;
  readonly items: Readonly<Record<string, unknown>> | readonly unknown[];
  readonly length: number;
  readonly indent: string;
  next: number;
}

/**
 * Writes a value of JSON as YAML, in parts of whole lines. Structure and ordinary texts are written here; texts with line
 * breaks, control characters and the like are left to the YAML library, one at a time. The library alone takes ten times as
 * long, at once.
 */
export class YamlWriter {
  private readonly open: Open[] = [];
  private out = '';
  /** Texts of this part that the library wrote. */
  private byLibrary = 0;

  constructor(private readonly root: unknown) {}

  *parts(): Generator<string> {
    if (!isCollection(this.root) || isEmpty(this.root)) return yield stringify(this.root, OPTIONS);
    this.enter(this.root, '');
    for (let top = this.open.at(-1); top !== undefined; top = this.open.at(-1)) {
      if (top.next === top.length) {
        this.open.pop();
        continue;
      }
      const at = top.next++;
      if (at > 0) {
        // A line ends only here and at the very end: a part is never less than whole lines.
        if (this.out.length + this.byLibrary * LIBRARY_CHARACTERS >= PART_CHARACTERS) {
          yield this.out;
          this.out = '';
          this.byLibrary = 0;
        }
        this.out += top.indent;
      }
      if (top.keys === undefined) this.item((top.items as readonly unknown[])[at], top.indent);
      else this.pair(top, top.keys[at] as string);
    }
    yield this.out;
  }

  private enter(value: object, indent: string): void {
    const items = value as Open['items'];
    const keys = Array.isArray(value) ? undefined : Object.keys(value).sort();
    this.open.push({ keys, items, length: keys?.length ?? (value as readonly unknown[]).length, indent, next: 0 });
  }

  private item(value: unknown, indent: string): void {
    this.out += '- ';
    if (isCollection(value) && !isEmpty(value)) this.enter(value, `${indent}  `);
    else this.out += `${this.scalar(value, indent)}\n`;
  }

  private pair({ items, indent }: Open, key: string): void {
    const value = (items as Readonly<Record<string, unknown>>)[key];
    const name = key.length > PLAIN_KEY_MAX ? undefined : plain(key);
    const head = name === undefined ? this.key(key, indent) : `${name}:`;
    const isLong = head.startsWith('? ');
    if (!isCollection(value) || isEmpty(value)) {
      this.out += `${head} ${this.scalar(value, indent)}\n`;
      return;
    }
    // Lists are not indented below their key, unless that is written in the form for long ones.
    const inner = Array.isArray(value) && !isLong ? indent : `${indent}  `;
    this.out += isLong ? `${head} ` : `${head}\n${inner}`;
    this.enter(value, inner);
  }

  /** A text with what marks it as a key; one that is very long is marked by a question mark before it. */
  private key(key: string, indent: string): string {
    this.byLibrary++;
    // At the root of a document some keys are quoted that need not be below it.
    if (indent === '') return stringify({ [key]: 0 }, OPTIONS).slice(0, -' 0\n'.length);
    const lines = stringify({ a: { [key]: 0 } }, OPTIONS).slice('a:\n'.length, -' 0\n'.length);
    return lines
      .split('\n')
      .map((line, i) => (i === 0 ? '' : indent) + line.slice('  '.length))
      .join('\n');
  }

  /** A scalar, or a collection of nothing, that follows a key or the mark of an item. */
  private scalar(value: unknown, indent: string): string {
    const text = plain(value);
    if (text !== undefined) return text;
    this.byLibrary++;
    return stringify({ a: value }, OPTIONS)
      .slice('a: '.length, -1)
      .split('\n')
      .map((line, i) => (i === 0 || line === '' ? '' : indent) + line)
      .join('\n');
  }
}

/** A scalar or an empty collection in one line; undefined for what only the library knows how to write. */
function plain(value: unknown): string | undefined {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (SIMPLE.test(value)) return WORD.test(value) ? `'${value}'` : value;
  if (BEYOND_ONE_LINE.test(value)) return undefined;
  if (!NEEDS_QUOTES.test(value) && !NUMBER.test(value) && !WORD.test(value)) return value;
  if (value.includes("'") && !value.includes('"')) return JSON.stringify(value);
  return `'${value.replaceAll("'", "''")}'`;
}

/** The commonest texts: of letters first, and with nothing in them that could mean something. */
const SIMPLE = /^[A-Za-z/_][A-Za-z0-9/_.-]*$/;
/** Line breaks, control characters, halves and pairs of surrogates, and what could be taken for the mark of a document. */
const BEYOND_ONE_LINE = /[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]|^(?:---|\.\.\.)/;
const NEEDS_QUOTES = /^[ ,[\]{}#&*!|>'"%@`]|^[?-](?: |$)|: | #|[ :]$/;
/** Texts that would be read as null or as a truth value. */
const WORD = /^(?:~|[Nn]ull|NULL|[Tt]rue|TRUE|[Ff]alse|FALSE)?$/;
const NUMBER =
  /^(?:0o[0-7]+|[-+]?[0-9]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$/;

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}
