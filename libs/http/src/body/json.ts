import type { Json, JsonObject } from '#std';
import { FieldWords, goJsonError, JSON_DEPTH_MAX, pathBelow } from '#std';

/** A decoded body and what Kubernetes says about keys that came twice. */
export interface ParsedBody {
  readonly value: Json;
  /** `duplicate field "spec.replicas"` */
  readonly duplicates: readonly string[];
}
export type BodyResult = ParsedBody | { readonly error: string };

/**
 * JSON with Go's habits: a key that comes twice is merged when both values are objects and otherwise replaced; in a patch it
 * is always replaced. Keys are counted first; only a text in which the counts differ is read by the slower parser that
 * knows where.
 */
export function parseJson(text: string, isPatch = false): BodyResult {
  const read = readText(text);
  if (read === undefined) return { error: goJsonError(text) };
  const { colons, depth } = read;
  if (depth > JSON_DEPTH_MAX) return { error: TOO_DEEP };
  // Half of a surrogate pair, which no UTF-8 can hold, can only come from an escape.
  const value = /\\u[dD][89a-fA-F]/.test(text) ? wellFormed(read.value) : read.value;
  if (colons === keys(value)) return { value, duplicates: [] };
  const duplicates = new FieldWords();
  const merging = new MergingParser(text, duplicates).document();
  return { value: isPatch ? value : wellFormed(merging), duplicates: duplicates.all };
}

/** JSON in which no key comes twice; undefined for any other text. */
export function parseUniqueJson(text: string): ParsedBody | undefined {
  const read = readText(text);
  if (read === undefined || read.depth > JSON_DEPTH_MAX || read.colons !== keys(read.value)) return undefined;
  return { value: read.value, duplicates: [] };
}

interface ReadText {
  readonly value: Json;
  /** Colons outside of strings: one for each key. */
  readonly colons: number;
  /** How many objects and lists lie within each other. */
  readonly depth: number;
}

function readText(text: string): ReadText | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  let colons = 0;
  let open = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === 0x3a) colons++;
    else if (code === 0x7b || code === 0x5b) depth = Math.max(depth, ++open);
    else if (code === 0x7d || code === 0x5d) open--;
  }
  return { value, colons, depth };
}
const QUOTE = 0x22;

export const TOO_DEEP = 'exceeded max depth';

function wellFormed(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(wellFormed);
  const out: Fields = {};
  for (const [key, item] of Object.entries(value)) define(out, key.toWellFormed(), wellFormed(item ?? null));
  return out;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    at = text.indexOf('"', at);
    let escapes = 0;
    for (let i = at - 1; text.charCodeAt(i) === 0x5c; i--) escapes++;
    if (escapes % 2 === 0) return at;
    at++;
  }
}
function keys(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) count += keys(item);
    return count;
  }
  for (const key in value as JsonObject) count += 1 + keys((value as JsonObject)[key] ?? null);
  return count;
}

type Fields = Record<string, Json>;

/** Reads a text that is known to be JSON. */
class MergingParser {
  private at = 0;
  constructor(
    private readonly text: string,
    private readonly duplicates: FieldWords,
  ) {}

  document(): Json {
    return this.value('');
  }
  private value(path: string): Json {
    this.blanks();
    const c = this.text.charAt(this.at);
    if (c === '{') return this.object(path);
    if (c === '[') return this.array(path);
    const end = c === '"' ? endOfString(this.text, this.at) + 1 : this.endOfWord();
    const word = this.text.slice(this.at, end);
    this.at = end;
    return JSON.parse(word) as Json;
  }
  private object(path: string): Json {
    const fields: Fields = {};
    // Told once: a key may come any number of times.
    const told = new Set<string>();
    this.at++;
    for (this.blanks(); this.text.charAt(this.at) !== '}'; this.blanks()) {
      if (this.text.charAt(this.at) === ',') this.at++;
      const key = this.value('') as string;
      this.blanks();
      this.at++;
      const field = pathBelow(path, key);
      const value = this.value(field);
      if (!Object.hasOwn(fields, key)) define(fields, key, value);
      else {
        if (!told.has(key)) this.duplicates.add(`duplicate field "${field}"`);
        told.add(key);
        merge(fields, key, value);
      }
    }
    this.at++;
    return fields;
  }
  private array(path: string): Json {
    const items: Json[] = [];
    this.at++;
    for (this.blanks(); this.text.charAt(this.at) !== ']'; this.blanks()) {
      if (this.text.charAt(this.at) === ',') this.at++;
      items.push(this.value(pathBelow(path, items.length)));
    }
    this.at++;
    return items;
  }
  private blanks(): void {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 0x20) this.at++;
  }
  private endOfWord(): number {
    let end = this.at;
    while (end < this.text.length && !/[\s,\]}:]/.test(this.text.charAt(end))) end++;
    return end;
  }
}

/** A key named `__proto__` is data like any other. */
function define(fields: Fields, key: string, value: Json): void {
  Object.defineProperty(fields, key, { value, enumerable: true, writable: true, configurable: true });
}
function isFields(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
/** Written in place, since the parser made both: copying what is there would cost as much again for every part. */
function merge(fields: Fields, key: string, value: Json): void {
  const old = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (!isFields(old) || !isFields(value)) return define(fields, key, value);
  for (const inner of Object.keys(value)) merge(old as Fields, inner, value[inner] ?? null);
}
