import type { Json } from '#std';
import { isJsonObject } from '#std';
import type { JsonSchema } from '../json-schema.schema.js';

export type { JsonSchema };

/** Fields that every object of the API has, at the root and wherever one is embedded. */
export const OBJECT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** The schema of a list's items; undefined where none is stated. */
export function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return schemaIn(schema.items);
}
/** The schema of a map's values; undefined where none is stated. */
export function valuesOf(schema: JsonSchema): JsonSchema | undefined {
  return schemaIn(schema.additionalProperties);
}
function schemaIn(value: Json | undefined): JsonSchema | undefined {
  return isJsonObject(value) ? (value as JsonSchema) : undefined;
}
/** The schema of one field; undefined where none is stated. A field may have any name, `constructor` too. */
export function propertyOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  const { properties } = schema;
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}
export function keepsUnknown(schema: JsonSchema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}
export function isEmbedded(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}
export function isIntOrString(schema: JsonSchema): boolean {
  return schema['x-kubernetes-int-or-string'] === true;
}
