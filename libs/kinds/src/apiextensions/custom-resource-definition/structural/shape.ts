import {
  any,
  boolean,
  double,
  f,
  int64,
  intOrString,
  lazy,
  list,
  map,
  object,
  string,
  type Field,
  type FieldOptions,
  type Type,
  objectMeta,
} from '#model';
import { isEmbedded, isIntOrString, itemsOf, keepsUnknown, valuesOf, type JsonSchema } from './schema.js';

/** A value that no schema describes: its maps merge key by key, its lists are single values. */
const DEDUCED: Type = map(lazy(() => DEDUCED));

/** What patch and apply need of a schema: its fields and how lists and maps in it merge. */
export function fieldOf(schema: JsonSchema): Field {
  return f(whenAsked(schema), 0, schema.description ?? '', rulesOf(schema));
}

/** Made when an object is first written: a start makes all kinds, and writes none of most. */
function whenAsked(schema: JsonSchema): Type {
  if (schema.type !== 'object' && schema.type !== 'array') return typeOf(schema);
  let made: Type | undefined;
  return lazy(() => (made ??= typeOf(schema)));
}

function typeOf(schema: JsonSchema): Type {
  if (isIntOrString(schema)) return intOrString;
  switch (schema.type) {
    case 'object':
      return objectOf(schema);
    case 'array':
      return listOf(schema);
    case 'string':
      return string;
    case 'integer':
      return int64;
    case 'number':
      return double;
    case 'boolean':
      return boolean;
    default:
      return keepsUnknown(schema) ? DEDUCED : any;
  }
}

function objectOf(schema: JsonSchema): Type {
  const values = valuesOf(schema);
  if (values !== undefined) return { ...map(typeOf(values)), valueOptions: rulesOf(values) };
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0 && keepsUnknown(schema) && !isEmbedded(schema)) return DEDUCED;
  const own: Record<string, Field> = isEmbedded(schema)
    ? { apiVersion: f(string, 0, ''), kind: f(string, 0, ''), metadata: f(objectMeta, 0, '') }
    : {};
  return object(
    '',
    '',
    { ...own, ...Object.fromEntries(fields.map(([name, property]) => [name, required(schema, name, property)])) },
    keepsUnknown(schema) ? { preserveUnknown: true } : {},
  );
}
function required(schema: JsonSchema, name: string, property: JsonSchema): Field {
  return { ...fieldOf(property), required: schema.required?.includes(name) === true };
}

function listOf(schema: JsonSchema): Type {
  const items = itemsOf(schema);
  return items === undefined ? list(any) : { ...list(typeOf(items)), itemOptions: rulesOf(items) };
}

function rulesOf(schema: JsonSchema): FieldOptions {
  const listType = schema['x-kubernetes-list-type'] as FieldOptions['listType'];
  const mapKeys = schema['x-kubernetes-list-map-keys'];
  return {
    ...(schema.default !== undefined && { default: schema.default }),
    ...(listType !== undefined && { listType }),
    ...(mapKeys && { mapKeys }),
    ...(schema['x-kubernetes-map-type'] === 'atomic' && { mapType: 'atomic' }),
  };
}
