import { isJsonObject, type Json } from '#std';
import {
  isEmbedded,
  isIntOrString,
  itemsOf,
  keepsUnknown,
  OBJECT_FIELDS,
  propertyOf,
  valuesOf,
  type JsonSchema,
} from './schema.js';

/** Whether a whole object has the types that its schema says and no field without one. */
export function isTyped(value: Json, schema: JsonSchema): boolean {
  return hasTypes(value, schema, true);
}

function hasTypes(value: Json | undefined, schema: JsonSchema, isObject: boolean): boolean {
  if (value === null || value === undefined) return true;
  if (isIntOrString(schema)) return typeof value === 'string' || typeof value === 'number';
  switch (schema.type ?? '') {
    case 'string':
    case 'boolean':
      return typeof value === schema.type;
    case 'integer':
    case 'number':
      return typeof value === 'number';
    case 'array': {
      const items = itemsOf(schema);
      if (!Array.isArray(value)) return false;
      return !items || (value as readonly Json[]).every((item) => hasTypes(item, items, isEmbedded(items)));
    }
    case 'object':
      return (
        isJsonObject(value) && Object.entries(value).every(([name, inner]) => isKnown(name, inner, schema, isObject))
      );
    default:
      return true;
  }
}
function isKnown(name: string, value: Json | undefined, schema: JsonSchema, isObject: boolean): boolean {
  if (isObject && OBJECT_FIELDS.has(name)) return true;
  const known = propertyOf(schema, name) ?? valuesOf(schema);
  if (known === undefined) return keepsUnknown(schema) || schema.additionalProperties === true;
  return hasTypes(value, known, isEmbedded(known));
}
