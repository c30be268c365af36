import { isTooDeep, type Json } from '#std';
import { Composer, isScalar, Parser, visit, type Document } from 'yaml';
import { TOO_DEEP, type BodyResult } from './json.js';

/** Errors beyond these are of no use to anybody, and each costs a line count. */
const ERRORS_MAX = 100;

/**
 * YAML as Kubernetes' clients mean it: YAML 1.1 booleans and octals, the first document only, keys as text. A key that
 * comes twice is reported with its line and the last one counts.
 */
export function parseYaml(text: string): BodyResult {
  const document = firstDocument(text);
  if (!document) return { value: null, duplicates: [] };
  for (const problem of document.errors) {
    if (problem.code === 'RESOURCE_EXHAUSTION') return { error: notYaml(TOO_DEEP) };
    return { error: notYaml(`line ${new Lines(text).at(problem.pos[0])}: ${problem.message}`) };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    return { error: notYaml(cause instanceof Error ? cause.message : 'invalid document') };
  }
  return isTooDeep(value)
    ? { error: notYaml(TOO_DEEP) }
    : { value: asJson(value), duplicates: doubledKeys(document, text) };
}

/** Text after the first document is not even looked at: making a document of every `---` would take minutes. */
function firstDocument(text: string): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.1',
    // The library compares every key of a map with all before it: doubled keys are looked for here.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    stringKeys: false,
  });
  for (const document of composer.compose(new Parser().parse(text), true, text.length)) return document;
  return undefined;
}

function notYaml(why: string): string {
  return `error converting YAML to JSON: yaml: ${why}`;
}

/** Keys that a map has twice, in the order of the document. */
function doubledKeys(document: Document.Parsed, text: string): readonly string[] {
  const positions: number[] = [];
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === MERGE) continue;
        if (seen.has(key.value)) positions.push(key.range?.[0] ?? 0);
        seen.add(key.value);
      }
    },
  });
  const lines = new Lines(text);
  return positions
    .sort((a, b) => a - b)
    .slice(0, ERRORS_MAX)
    .map((position) => duplicateText(text, position, lines.at(position)));
}
const MERGE = '<<';
/** Characters of a key that are quoted. */
const KEY_MAX = 1024;

function duplicateText(text: string, position: number, line: number): string {
  const head = text.slice(position, position + KEY_MAX);
  const key = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^:\n]*)/.exec(head)?.[0].trim() ?? '';
  return `line ${line}: key "${key.replace(/^["'](.*)["']$/, '$1')}" already set in map`;
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

/** What YAML can say and JSON cannot: dates, binary data, keys that are numbers. */
function asJson(value: unknown): Json {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), asJson(item)]));
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]));
  return value as Json;
}
