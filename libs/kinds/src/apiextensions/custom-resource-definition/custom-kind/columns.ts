import type { Column, KubeObject } from '#model';
import { isJsonObject, type Instant, type Json } from '#std';
import { ageColumn, nameColumn, since } from '../../../columns.js';
import type { PrinterColumn } from '../schema.js';
import { find, parseJsonPath, type JsonPath } from './json-path.js';

/** The table of a custom kind. A column whose path cannot be read is left out. */
export function columnsOf(stated: readonly PrinterColumn[] | undefined): readonly Column[] {
  if (!stated || stated.length === 0) return [nameColumn, { ...ageColumn, type: 'date' }];
  const columns: Column[] = [nameColumn];
  for (const column of stated) {
    const path = parseJsonPath(column.jsonPath);
    if (path) columns.push(columnOf(column, path));
  }
  return columns;
}

function columnOf({ name, type, format, priority, description, jsonPath }: PrinterColumn, path: JsonPath): Column {
  return {
    name,
    type: type as Column['type'],
    format: format ?? '',
    priority: priority ?? 0,
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    cell: (object, now) => cellOf(object, path, type, now),
  };
}

function cellOf(object: KubeObject, path: JsonPath, type: string, now: Instant): string | number | boolean | null {
  const found = find(path, object as unknown as Json);
  const [first] = found;
  if (first === undefined) return null;
  if (type === 'string') return textOf(first);
  if (type === 'date') return typeof first === 'string' ? dateOf(first, now) : null;
  if (type === 'boolean') return typeof first === 'boolean' ? first : null;
  if (typeof first !== 'number') return null;
  if (type !== 'integer') return first;
  // Go makes the smallest integer of a number that none can be made of.
  return Math.abs(first) < 2 ** 63 ? Math.trunc(first) : -(2 ** 63);
}
function dateOf(text: string, now: Instant): string {
  const age = since(text, now);
  return age === '<unknown>' ? '<invalid>' : age;
}
function textOf(value: Json): string {
  if (value === null) return '<nil>';
  return isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
