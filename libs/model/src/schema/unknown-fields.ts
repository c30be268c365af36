import { FIELD_WORDS_MAX, pathBelow } from '#std';
import { resolved, type Type } from './builder.js';

/** Paths of the first fields that a type does not know, in the order in which the document has them. */
export function unknownFields(type: Type, value: unknown, path = '', found: string[] = []): readonly string[] {
  const t = resolved(type);
  if (typeof value !== 'object' || value === null || t.is === 'scalar' || found.length >= FIELD_WORDS_MAX) return found;
  if (t.is === 'list') {
    if (Array.isArray(value)) value.forEach((item, i) => unknownFields(t.items, item, pathBelow(path, i), found));
    return found;
  }
  if (Array.isArray(value)) return found;
  for (const [key, item] of Object.entries(value)) {
    if (found.length >= FIELD_WORDS_MAX) break;
    const inner = pathBelow(path, key);
    if (t.is === 'map') unknownFields(t.values, item, inner, found);
    else {
      const field = Object.hasOwn(t.fields, key) ? t.fields[key] : undefined;
      if (field !== undefined) unknownFields(field.type, item, inner, found);
      else found.push(inner);
    }
  }
  return found;
}
