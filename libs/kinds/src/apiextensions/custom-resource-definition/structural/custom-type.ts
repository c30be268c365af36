import { decode, f, object, string, type CustomType, type Field, type ObjectType, objectMeta } from '#model';
import { isJsonObject, type Json, type JsonObject } from '#std';
import { applySchemaDefaults } from './default.js';
import { prune } from './prune.js';
import { publishedSchema, type PublishedAs } from './published.js';
import { keepsUnknown, type JsonSchema } from './schema.js';
import { fieldOf } from './shape.js';
import { isTyped } from './typed.js';

/** The type of objects whose schema is stated in the cluster. */
export function customType(schema: JsonSchema, as: PublishedAs): ObjectType<unknown> {
  const { group, version, kind } = as;
  const own: Record<string, Field> = {
    apiVersion: f(string, 0, 'Version of this schema.'),
    kind: f(string, 0, 'Kind of this object.'),
    metadata: f(objectMeta, 0, 'Standard metadata.', { always: {} }),
  };
  const fields: Record<string, Field> = { ...own };
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    if (!Object.hasOwn(own, name)) fields[name] = fieldOf(property);
  const name = `${group.split('.').reverse().join('.')}.${version}.${kind}`;
  return object(name, schema.description ?? '', fields, {
    gvk: [`${group}/${version} ${kind}`],
    ...(keepsUnknown(schema) && { preserveUnknown: true }),
    isJsonOnly: true,
    custom: behaviour(schema, as),
  });
}

function behaviour(schema: JsonSchema, as: PublishedAs): CustomType {
  return {
    read: (value) => read(value as Json, schema),
    applyDefaults: (value, keepsNulls) => applySchemaDefaults(value, schema, keepsNulls),
    isTyped: (value) => isTyped(value, schema),
    openApi: (version) => publishedSchema(schema, as, version),
  };
}

/** Metadata is read as of every object, the rest as the schema says. */
function read(value: Json, schema: JsonSchema): ReturnType<CustomType['read']> {
  if (!isJsonObject(value)) return { value: {}, unknown: [], error: 'expected an object' };
  const { metadata = {}, ...rest } = value;
  const meta = decode<unknown>(objectMeta, metadata ?? {});
  if (meta.error !== undefined) return { value: {}, unknown: [], error: meta.error };
  const pruned = prune(rest, schema);
  const unknown = [...meta.unknown.map((path) => `metadata.${path}`), ...pruned.unknown];
  return { value: { ...(pruned.value as JsonObject), metadata: meta.value as Json }, unknown, error: undefined };
}
