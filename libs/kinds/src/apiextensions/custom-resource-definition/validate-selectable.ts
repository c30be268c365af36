import type { Problem } from '#model';
import { fieldPath } from './custom-kind/json-path.js';
import { propertyOf, valuesOf } from './structural/schema.js';
import { partsOf } from './internal-form.js';
import type { JsonSchema } from './json-schema.schema.js';
import type { CustomResourceDefinition } from './schema.js';

const FIELDS_MAX = 8;
const SELECTABLE = new Set(['string', 'boolean', 'integer']);

/** Fields that objects can be selected by. */
export function validateSelectable(object: CustomResourceDefinition, of: number | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  const isSchemaOfAll = partsOf(object, 'schema', undefined).length > 0;
  for (const { field, version, index } of partsOf(object, 'selectableFields', of)) {
    const fields = version.selectableFields ?? [];
    if (fields.length === 0) continue;
    if (index !== undefined && isSchemaOfAll) {
      const detail = 'may only be set when `version.schema.openAPIV3Schema` is not included';
      problems.push({ ...{ type: 'Invalid', field, value: '' }, detail });
      continue;
    }
    if (fields.length > FIELDS_MAX)
      problems.push({
        ...{ type: 'TooMany', field, value: fields.length },
        detail: `must have at most ${FIELDS_MAX} items`,
      });
    const seen = new Set<string>();
    fields.forEach(({ jsonPath }, at) => {
      const where = `${field}[${at}].jsonPath`;
      const wrong = whyNot(jsonPath, version.schema?.openAPIV3Schema);
      if (jsonPath === '') problems.push({ type: 'Required', field: where, detail: '' });
      else if (wrong !== undefined)
        problems.push({ ...{ type: 'Invalid', field: where, value: jsonPath }, detail: wrong });
      if (seen.has(jsonPath)) problems.push({ ...{ type: 'Duplicate', field: where, value: jsonPath }, detail: '' });
      seen.add(jsonPath);
    });
  }
  return problems;
}

function whyNot(path: string, schema: JsonSchema | undefined): string | undefined {
  const invalid = (why: string): string => `is an invalid path: ${why}`;
  if (!path.startsWith('.') && !path.startsWith('['))
    return invalid(`expected [ or . but got: ${/^[^.[]*/.exec(path)?.[0] ?? ''}`);
  if (path.includes('[')) return invalid('array notation is not allowed');
  const names = fieldPath(path);
  if (!names || !schema) return invalid('does not refer to a valid field');
  let at: JsonSchema | undefined = schema;
  for (const [index, name] of names.entries()) {
    if (index === 0 && (name === 'metadata' || name === 'kind' || name === 'apiVersion')) at = undefined;
    else at = at && (propertyOf(at, name) ?? valuesOf(at));
  }
  if (at === undefined) return invalid('does not refer to a valid field');
  return SELECTABLE.has(at.type ?? '')
    ? undefined
    : 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
}
