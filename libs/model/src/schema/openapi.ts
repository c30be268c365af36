import type { Json, JsonObject } from '#std';
import { type Field, type ObjectType, resolved, type ScalarName, type Type } from './builder.js';

type Mutable = Record<string, Json>;
export type OpenApiVersion = 'v2' | 'v3';

/**
 * The schemas of these types and of everything they are made of, by OpenAPI name: `components.schemas` of a v3 document,
 * `definitions` of a v2 one.
 */
export function openApiSchemas(
  types: readonly ObjectType<unknown>[],
  version: OpenApiVersion,
): Readonly<Record<string, JsonObject>> {
  const found = new Map<string, JsonObject>();
  const open = [...types];
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    if (found.has(type.name)) continue;
    found.set(type.name, objectSchema(type, version));
    // A type that is defined by a schema publishes that; only what is meta in it has a name of its own.
    const { metadata, ...others } = type.fields;
    const fields = type.options.custom ? [metadata] : [metadata, ...Object.values(others)];
    for (const field of fields) if (field) collect(field.type, open, found, version);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function collect(
  type: Type,
  open: ObjectType<unknown>[],
  found: Map<string, JsonObject>,
  version: OpenApiVersion,
): void {
  const t = resolved(type);
  if (t.is === 'object') open.push(t);
  else if (t.is === 'list') collect(t.items, open, found, version);
  else if (t.is === 'map') collect(t.values, open, found, version);
  else {
    const named = NAMED[t.scalar];
    if (named !== undefined) found.set(named.name, version === 'v3' ? named.schema : withoutChoice(named.schema));
  }
}

/** v2 knows no choice of types: what may be more than one is published as text. */
function withoutChoice({ oneOf, ...schema }: JsonObject): JsonObject {
  return oneOf === undefined ? schema : { ...schema, type: 'string' };
}

/** One type as OpenAPI; the types of its fields are references. */
export function objectSchema(type: ObjectType<unknown>, version: OpenApiVersion): JsonObject {
  if (type.options.custom) return type.options.custom.openApi(version) as JsonObject;
  const properties: Mutable = {};
  const required: string[] = [];
  for (const name of Object.keys(type.fields).sort()) {
    const field = type.fields[name];
    if (field === undefined) continue;
    properties[name] = fieldSchema(field, version);
    if (field.required) required.push(name);
  }
  const schema: Mutable = { type: 'object' };
  if (type.doc !== '') schema['description'] = type.doc;
  if (Object.keys(properties).length > 0) schema['properties'] = properties;
  if (required.length > 0) schema['required'] = required;
  if (type.options.mapType !== undefined) schema['x-kubernetes-map-type'] = type.options.mapType;
  if (type.options.unions !== undefined) schema['x-kubernetes-unions'] = type.options.unions;
  if (type.options.gvk !== undefined)
    schema['x-kubernetes-group-version-kind'] = type.options.gvk.map(groupVersionKind);
  return schema;
}

function groupVersionKind(text: string): JsonObject {
  const [groupVersion = '', kind = ''] = text.split(' ');
  const slash = groupVersion.indexOf('/');
  return { group: groupVersion.slice(0, Math.max(slash, 0)), kind, version: groupVersion.slice(slash + 1) };
}

function fieldSchema(field: Field, version: OpenApiVersion): JsonObject {
  const inner = typeSchema(field.type, version);
  const schema: Mutable = {};
  const isReference = inner['$ref'] !== undefined;
  // In v3 a reference beside other keys is wrapped, or readers would ignore those keys.
  if (isReference && version === 'v3') schema['allOf'] = [inner];
  else Object.assign(schema, inner);
  if (field.doc !== '') schema['description'] = field.doc;
  const published = publishedDefault(field);
  if (published !== undefined && version === 'v3') schema['default'] = published;
  const { options } = field;
  if (options.listType !== undefined) schema['x-kubernetes-list-type'] = options.listType;
  if (options.mapKeys !== undefined) schema['x-kubernetes-list-map-keys'] = options.mapKeys;
  if (options.mergeKey !== undefined) schema['x-kubernetes-patch-merge-key'] = options.mergeKey;
  if (options.patchStrategy !== undefined) schema['x-kubernetes-patch-strategy'] = options.patchStrategy;
  if (options.mapType !== undefined) schema['x-kubernetes-map-type'] = options.mapType;
  return schema;
}

/** Fields that Go always writes are published with what it writes as their default. */
function publishedDefault(field: Field): Json | undefined {
  const { options } = field;
  if (options.default !== undefined) return options.default;
  const t = resolved(field.type);
  if (t.is === 'object' && options.always !== undefined && options.always !== null) return {};
  if (t.is !== 'scalar' || !field.required || options.omitEmpty || options.pointer) return undefined;
  if (t.scalar === 'string') return '';
  if (t.scalar === 'boolean') return false;
  return t.scalar === 'int32' || t.scalar === 'int64' ? 0 : undefined;
}

function typeSchema(type: Type, version: OpenApiVersion): JsonObject {
  const t = resolved(type);
  switch (t.is) {
    case 'scalar':
      return scalarSchema(t.scalar, version);
    case 'list':
      return { type: 'array', items: itemSchema(t.items, version) };
    case 'map':
      return { type: 'object', additionalProperties: itemSchema(t.values, version) };
    case 'object':
      return reference(t.name, version);
  }
}

function itemSchema(type: Type, version: OpenApiVersion): JsonObject {
  const inner = typeSchema(type, version);
  if (version === 'v2') return inner;
  const t = resolved(type);
  if (t.is === 'object') return { allOf: [inner], default: {} };
  if (t.is === 'scalar' && inner['$ref'] !== undefined) return { allOf: [inner] };
  if (t.is === 'scalar' && t.scalar === 'string') return { ...inner, default: '' };
  if (t.is === 'scalar' && (t.scalar === 'int32' || t.scalar === 'int64')) return { ...inner, default: 0 };
  return inner;
}

function scalarSchema(scalar: ScalarName, version: OpenApiVersion): JsonObject {
  const named = NAMED[scalar];
  return named === undefined ? (PLAIN[scalar] ?? {}) : reference(named.name, version);
}

function reference(name: string, version: OpenApiVersion): JsonObject {
  return { $ref: version === 'v3' ? `#/components/schemas/${name}` : `#/definitions/${name}` };
}

const PLAIN: Readonly<Partial<Record<ScalarName, JsonObject>>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  byte: { type: 'string', format: 'byte' },
  any: {},
};

/** Scalars that have a name of their own in the API. */
const NAMED: Readonly<Partial<Record<ScalarName, { readonly name: string; readonly schema: JsonObject }>>> = {
  time: {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
    schema: { type: 'string', format: 'date-time', description: 'A moment as RFC 3339 text, in whole seconds.' },
  },
  microTime: {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
    schema: {
      type: 'string',
      format: 'date-time',
      description: 'A moment as RFC 3339 text with six digits of fraction.',
    },
  },
  duration: {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Duration',
    schema: { type: 'string', description: 'A span of time such as 1m30s.' },
  },
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    schema: {
      description: 'An amount with an optional suffix: 250m, 2, 1Gi, 5M.',
      oneOf: [{ type: 'string' }, { type: 'number' }],
    },
  },
  intOrString: {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    schema: {
      description: 'A whole number, or a text such as a name or a percentage.',
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
  fieldsV1: {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
    schema: { type: 'object', description: 'A set of fields, as a trie of keys.' },
  },
};
