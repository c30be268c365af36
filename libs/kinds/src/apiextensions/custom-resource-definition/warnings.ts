import { isKnownFormat } from './structural/formats.js';
import { itemsOf, valuesOf } from './structural/schema.js';
import { versionsOf } from './internal-form.js';
import type { JsonSchema } from './json-schema.schema.js';
import type { CustomResourceDefinition } from './schema.js';

const WARNINGS_MAX = 100;

/** Formats that no value is checked by. */
export function schemaWarnings(definition: CustomResourceDefinition): readonly string[] {
  const warnings = new Set<string>();
  for (const version of versionsOf(definition)) {
    const schema = version.schema?.openAPIV3Schema;
    if (schema) visit(schema, warnings);
  }
  return [...warnings].sort();
}

function visit(schema: JsonSchema, warnings: Set<string>): void {
  const { format, type, properties = {} } = schema;
  if (format && warnings.size < WARNINGS_MAX && !isChecked(format, type))
    warnings.add(`unrecognized format "${format}"`);
  for (const property of Object.values(properties)) visit(property, warnings);
  for (const inner of [itemsOf(schema), valuesOf(schema)]) if (inner) visit(inner, warnings);
}

const OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};
function isChecked(format: string, type: string | undefined): boolean {
  const numbers = OF_TYPE[type ?? ''];
  if (numbers) return numbers.includes(format);
  return isKnownFormat(format) && !Object.values(OF_TYPE).flat().includes(format);
}
