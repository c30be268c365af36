import type { Json, JsonObject } from '#std';
import { goJsonError } from '#std';

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
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return { error: goJsonError(text) };
  }
  if (text.length > DEPTH_MAX && isTooDeep(value)) return { error: TOO_DEEP };
  // Half of a surrogate pair, which no UTF-8 can hold, can only come from an escape.
  if (/\\u[dD][89a-fA-F]/.test(text)) value = wellFormed(value);
  if (typeof value !== 'object' || value === null || colons(text) === keys(value)) return { value, duplicates: [] };
  const duplicates: string[] = [];
  const merging = new MergingParser(text, duplicates).document();
  return { value: isPatch ? value : wellFormed(merging), duplicates };
}

/** What reads, compares and writes objects calls itself for every level: deeper ones would exhaust the stack somewhere. */
const DEPTH_MAX = 1000;
export const TOO_DEEP = 'exceeded max depth';

export function isTooDeep(value: unknown, left = DEPTH_MAX): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  return Object.values(value).some((item) => isTooDeep(item, left - 1));
}

function wellFormed(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(wellFormed);
  const out: Fields = {};
  for (const [key, item] of Object.entries(value)) define(out, key.toWellFormed(), wellFormed(item ?? null));
  return out;
}

/** Colons outside of strings: one for each key. */
function colons(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x3a) count++;
    else if (code === 0x22) i = endOfString(text, i);
  }
  return count;
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
    private readonly duplicates: string[],
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
    this.at++;
    for (this.blanks(); this.text.charAt(this.at) !== '}'; this.blanks()) {
      if (this.text.charAt(this.at) === ',') this.at++;
      const key = this.value('') as string;
      this.blanks();
      this.at++;
      const field = path === '' ? key : `${path}.${key}`;
      const value = this.value(field);
      if (!Object.hasOwn(fields, key)) define(fields, key, value);
      else {
        const said = `duplicate field "${field}"`;
        if (!this.duplicates.includes(said)) this.duplicates.push(said);
        define(fields, key, merged(fields[key] ?? null, value));
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
      items.push(this.value(`${path}[${items.length}]`));
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
function isFields(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function merged(first: Json, second: Json): Json {
  if (!isFields(first) || !isFields(second)) return second;
  const out: Fields = {};
  for (const key of Object.keys(first)) define(out, key, first[key] ?? null);
  for (const key of Object.keys(second)) {
    const value = second[key] ?? null;
    define(out, key, Object.hasOwn(out, key) ? merged(out[key] ?? null, value) : value);
  }
  return out;
}
