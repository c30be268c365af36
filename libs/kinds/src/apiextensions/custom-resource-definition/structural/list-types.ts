import type { Problem } from '#model';
import { isJsonObject, stableStringify, type Json, type JsonObject } from '#std';
import { itemsOf, propertyOf, valuesOf, type JsonSchema } from './schema.js';

/** Items that a list has twice although its type is set or map. */
export function duplicateItems(value: Json, schema: JsonSchema, path = ''): readonly Problem[] {
  const problems: Problem[] = [];
  visit(value, schema, path, problems);
  return problems;
}

function visit(value: Json, schema: JsonSchema, path: string, problems: Problem[]): void {
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const type = schema['x-kubernetes-list-type'];
    if (type === 'set') duplicates(items, path, problems, { of: (item) => item, isEach: false });
    if (type === 'map') duplicates(items, path, problems, { of: (item) => keysOf(item, schema), isEach: true });
    const known = itemsOf(schema);
    if (known) items.forEach((item, index) => visit(item, known, `${path}[${index}]`, problems));
  } else if (isJsonObject(value)) {
    const values = valuesOf(schema);
    for (const [name, inner] of Object.entries(value)) {
      const known = propertyOf(schema, name) ?? values;
      if (known && inner !== undefined) visit(inner, known, path === '' ? name : `${path}.${name}`, problems);
    }
  }
}

function duplicates(
  items: readonly Json[],
  path: string,
  problems: Problem[],
  { of, isEach }: { readonly of: (item: Json) => Json | undefined; readonly isEach: boolean },
): void {
  const seen = new Map<string, number>();
  items.forEach((item, index) => {
    const value = of(item);
    if (value === undefined) return;
    const text = stableStringify(value);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times === 2 || (times > 2 && isEach))
      problems.push({ ...{ type: 'Duplicate', field: `${path}[${index}]`, value }, detail: '' });
  });
}
function keysOf(item: Json, schema: JsonSchema): JsonObject | undefined {
  if (!isJsonObject(item)) return undefined;
  const keys = [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort();
  return Object.fromEntries(keys.filter((key) => item[key] !== undefined).map((key) => [key, item[key]]));
}
