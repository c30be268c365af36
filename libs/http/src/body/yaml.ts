import { JSON_DEPTH_MAX, putValue, type Json } from '#std';
import {
  constructFromEvents,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  EVENT_ID,
  getScalarValue,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  Schema,
  YAML11_SCHEMA,
  YAMLException,
  type ScalarTagDefinition,
} from 'js-yaml';
import { parseUniqueJson, TOO_DEEP, type BodyResult } from './json.js';

type Events = ReturnType<typeof parseEvents>;
type ScalarEvent = Extract<Events[number], { readonly type: typeof EVENT_ID.SCALAR }>;

/** Duplicate keys beyond these are of no use to anybody. */
const DUPLICATES_MAX = 100;
/** Values that aliases may repeat in any document, and how many characters of the text allow for one more. */
const REPEATED_MIN = 10_000;
const CHARACTERS_PER_REPEATED = 8;

/**
 * YAML as Kubernetes' clients mean it: YAML 1.1 booleans and octals, the first document only, keys as text, dates as the
 * text that they are. A duplicate key is reported with its line, and the last one counts. JSON is YAML: clients send it
 * under YAML's media type (kubectl's server-side apply does), and it is read by the far faster JSON parser.
 */
export function parseYaml(text: string): BodyResult {
  const json = isJsonLike(text) ? parseUniqueJson(text) : undefined;
  if (json !== undefined) return json;
  const source = firstDocument(text);
  try {
    return read(source, parseEvents(source, { maxDepth: JSON_DEPTH_MAX + 1 }));
  } catch (cause) {
    return { error: notYaml(reasonOf(cause)) };
  }
}

/** Not what YAML reads differently: halves of surrogate pairs and merge keys. */
function isJsonLike(text: string): boolean {
  return /^\s*[{[]/.test(text) && !/\\u[dD][89a-fA-F]/.test(text) && !text.includes('"<<"');
}

function read(source: string, events: Events): BodyResult {
  const options = { source, schema: KUBERNETES };
  let value: unknown;
  let duplicates: readonly string[] = [];
  try {
    [value] = constructFromEvents(events, options);
  } catch (cause) {
    // Keys are compared a second time only where one is known to be there twice: that costs a set for each map.
    duplicates = duplicateKeys(source, events);
    if (duplicates.length === 0) throw cause;
    [value] = constructFromEvents(events, { ...options, json: true });
  }
  const reader = new JsonReader(events.length + REPEATED_MIN + source.length / CHARACTERS_PER_REPEATED);
  return { value: reader.read(value, 0), duplicates };
}

const SCALAR = {
  matchByTagPrefix: true,
  identify: () => false,
  resolve: (text: string, isExplicit: boolean) => (isExplicit ? text : NOT_RESOLVED),
};
const DIGITS = [...'-+.0123456789'];
const CORE = 'tag:yaml.org,2002:';

function number(name: string, pattern: RegExp, read: (text: string) => number): ScalarTagDefinition<number> {
  return defineScalarTag(CORE + name, {
    implicit: true,
    implicitFirstChars: DIGITS,
    identify: () => false,
    resolve: (source) => {
      const text = source.replaceAll('_', '');
      const value = pattern.test(text) ? read(text) : NaN;
      return Number.isFinite(value) ? value : NOT_RESOLVED;
    },
  });
}
function integer(text: string): number {
  const digits = text.replace(/^[-+]/, '');
  const isOctal = /^0[0-7]/.test(digits);
  const size = isOctal ? parseInt(digits, 8) : Number(digits);
  return text.startsWith('-') ? -size : size;
}

/**
 * Plain texts mean what Go's library takes them for: a date is the text that was written, so is what YAML 1.1 reads as a
 * number of base sixty, and a tag that nobody knows means nothing.
 */
const KUBERNETES = new Schema([
  ...YAML11_SCHEMA.tags.filter(({ tagName }) => !/:(timestamp|int|float)$/.test(tagName)),
  number('int', /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/, integer),
  number('float', /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/, Number),
  defineScalarTag('', SCALAR),
  defineSequenceTag('', {
    matchByTagPrefix: true,
    create: (): unknown[] => [],
    addItem: (items, item) => void items.push(item),
    identify: () => false,
  }),
  defineMappingTag('', {
    matchByTagPrefix: true,
    create: (): Record<string, unknown> => ({}),
    addPair: (fields, key, value) => {
      if (typeof key === 'object' && key !== null) return 'a key must be a scalar';
      putValue(fields, String(key), value);
      return '';
    },
    has: (fields, key) => Object.hasOwn(fields, String(key)),
    keys: (fields) => Object.keys(fields),
    get: (fields, key) => fields[String(key)],
    identify: () => false,
  }),
]);

/** Text after the first document is not even looked at. */
function firstDocument(text: string): string {
  const marks = /(?:^|[\r\n])(---|\.\.\.)(?=\s|$)/g;
  const head = /^\uFEFF?(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+|%[^\r\n]*[\r\n]+)*/.exec(text)?.[0].length ?? 0;
  marks.lastIndex = Math.max(0, head - 1);
  let mark = marks.exec(text);
  // The mark that begins the first document.
  if (mark && mark[1] === '---' && mark.index + mark[0].length - 3 === head) mark = marks.exec(text);
  return mark ? text.slice(0, mark.index) : text;
}

function notYaml(why: string): string {
  return `error converting YAML to JSON: yaml: ${why}`;
}
function reasonOf(cause: unknown): string {
  if (cause instanceof TooDeep || (cause instanceof YAMLException && cause.reason.startsWith('nesting exceeded')))
    return TOO_DEEP;
  if (cause instanceof YAMLException) return cause.mark ? `line ${cause.mark.line + 1}: ${cause.reason}` : cause.reason;
  return cause instanceof Error ? cause.message : 'invalid document';
}

class TooDeep extends Error {}

/** What YAML can say and JSON cannot: binary data, sets, values that aliases repeat. */
class JsonReader {
  /** @param left how many values there may be: what aliases repeat is bounded by the size of the document. */
  constructor(private left: number) {}

  read(value: unknown, depth: number): Json {
    if (--this.left < 0) throw new Error('document contains excessive aliasing');
    if (typeof value !== 'object' || value === null) return (value ?? null) as Json;
    if (depth >= JSON_DEPTH_MAX) throw new TooDeep();
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (value instanceof Set) return Object.fromEntries([...value].map((key) => [String(key), null]));
    return Array.isArray(value) ? this.list(value, depth + 1) : this.map(value as Record<string, unknown>, depth + 1);
  }

  /** What is JSON already stays what it is, as most of a document does. */
  private list(items: unknown[], depth: number): Json {
    const { length } = items;
    for (let i = 0; i < length; i++) {
      const item = this.read(items[i], depth);
      if (item !== items[i]) items[i] = item;
    }
    return items as Json;
  }
  private map(fields: Record<string, unknown>, depth: number): Json {
    for (const key in fields) {
      const item = this.read(fields[key], depth);
      if (item !== fields[key]) putValue(fields, key, item);
    }
    return fields as Json;
  }
}

/** Keys that a map has twice, in the order of the document. */
function duplicateKeys(source: string, events: Events): readonly string[] {
  const found: string[] = [];
  const lines = new Lines(source);
  // Of each open map the keys so far, and whether a key comes next; undefined for a list.
  const open: ({ readonly keys: Set<string>; isKey: boolean } | undefined)[] = [];
  for (const event of events) {
    const map = open.at(-1);
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    if (map?.isKey && event.type === EVENT_ID.SCALAR && !isMerge(source, event)) {
      const key = getScalarValue(source, event);
      if (map.keys.has(key)) {
        found.push(`line ${lines.at(event.valueStart)}: key "${key.slice(0, KEY_MAX)}" already set in map`);
        if (found.length === DUPLICATES_MAX) return found;
      }
      map.keys.add(key);
    }
    if (map) map.isKey = !map.isKey;
    if (event.type === EVENT_ID.MAPPING) open.push({ keys: new Set(), isKey: true });
    else if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.DOCUMENT) open.push(undefined);
  }
  return found;
}
/** Characters of a key that are quoted. */
const KEY_MAX = 1024;

function isMerge(source: string, { style, valueStart, valueEnd }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.PLAIN && valueEnd - valueStart === 2 && source.startsWith('<<', valueStart);
}

/** Line numbers of growing positions: each character is looked at once. */
class Lines {
  private line = 1;
  private from = 0;
  constructor(private readonly text: string) {}

  at(position: number): number {
    const end = Math.min(position, this.text.length);
    for (; this.from < end; this.from++) if (this.text.charCodeAt(this.from) === 10) this.line++;
    return this.line;
  }
}
