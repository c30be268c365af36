import type { Json } from '#std';
import { parseDocument } from 'yaml';
import { isTooDeep, TOO_DEEP, type BodyResult } from './json.js';

/**
 * YAML as Kubernetes' clients mean it: YAML 1.1 booleans and octals, the first document only, keys as text. A key that
 * comes twice is reported with its line and the last one counts.
 */
export function parseYaml(text: string): BodyResult {
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
    stringKeys: false,
  });
  const duplicates: string[] = [];
  for (const problem of document.errors) {
    if (problem.code === 'DUPLICATE_KEY') duplicates.push(duplicateText(text, problem.pos[0]));
    else if (problem.code === 'RESOURCE_EXHAUSTION') return { error: notYaml(TOO_DEEP) };
    else if (problem.code !== 'MULTIPLE_DOCS') {
      return { error: notYaml(`line ${lineOf(text, problem.pos[0])}: ${problem.message}`) };
    }
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    return { error: notYaml(cause instanceof Error ? cause.message : 'invalid document') };
  }
  return isTooDeep(value) ? { error: notYaml(TOO_DEEP) } : { value: asJson(value), duplicates };
}

function notYaml(why: string): string {
  return `error converting YAML to JSON: yaml: ${why}`;
}

function duplicateText(text: string, position: number): string {
  const key = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^:\n]*)/.exec(text.slice(position))?.[0].trim() ?? '';
  return `line ${lineOf(text, position)}: key "${key.replace(/^["'](.*)["']$/, '$1')}" already set in map`;
}
function lineOf(text: string, position: number): number {
  let line = 1;
  for (let i = 0; i < position && i < text.length; i++) if (text.charCodeAt(i) === 10) line++;
  return line;
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
