import type { OpenApiVersion } from '#model';
import type { Json, JsonObject } from '#std';
import { isEmbedded, itemsOf, keepsUnknown, valuesOf, type JsonSchema } from './schema.js';

/** The names that a schema is published under. */
export interface PublishedAs {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** The official suite looks for the names that fields have in Go, and for the words about the metadata. */
const OWN_FIELDS = {
  apiVersion: { type: 'string', description: 'APIVersion defines the schema that this object follows.' },
  kind: { type: 'string', description: 'Kind of this object.' },
};

/** A schema as OpenAPI publishes it. Version 2 knows fewer words: what it has none for is left out, and clients check less. */
export function publishedSchema(schema: JsonSchema, as: PublishedAs, version: OpenApiVersion): Json {
  const reference = version === 'v3' ? `#/components/schemas/${META}` : `#/definitions/${META}`;
  const metadata =
    version === 'v3'
      ? { description: "Standard object's metadata.", allOf: [{ $ref: reference }] }
      : { description: "Standard object's metadata.", $ref: reference };
  const { group, version: name, kind } = as;
  const identity = { 'x-kubernetes-group-version-kind': [{ group, kind, version: name }] };
  // Version 2 has no words for an object of any fields; all else is left out with them.
  if (version === 'v2' && keepsUnknown(schema)) return { type: 'object', ...identity };
  const base = published(schema, version) as Record<string, Json>;
  const properties = { ...(base['properties'] as JsonObject | undefined), ...OWN_FIELDS, metadata };
  return { ...base, properties, ...identity };
}

const LOGIC = ['allOf', 'oneOf', 'anyOf'] as const;

function published(schema: JsonSchema, version: OpenApiVersion): Json {
  const out: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema) as [string, Json][]) if (!DERIVED.has(key)) out[key] = value;
  const items = itemsOf(schema);
  if (items) out['items'] = published(items, version);
  const values = valuesOf(schema);
  if (values) out['additionalProperties'] = published(values, version);
  else if (typeof schema.additionalProperties === 'boolean') out['additionalProperties'] = schema.additionalProperties;
  if (schema.properties)
    out['properties'] = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, published(property, version)]),
    );
  for (const key of LOGIC) {
    const parts = schema[key];
    if (parts && version === 'v3') out[key] = parts.map((part) => published(part, version));
  }
  if (schema.not && version === 'v3') out['not'] = published(schema.not, version);
  if (isEmbedded(schema)) out['type'] ??= 'object';
  return version === 'v2' ? ofVersion2(schema, out) : out;
}

/** A reader of version 2 would refuse null, and unknown fields beside stated ones: it is told nothing instead. */
function ofVersion2(schema: JsonSchema, out: Record<string, Json>): Json {
  delete out['nullable'];
  if (schema.nullable === true) for (const key of ['type', 'items', 'properties']) delete out[key];
  if (keepsUnknown(schema)) for (const key of ['items', 'properties', 'type']) delete out[key];
  if (typeof out['additionalProperties'] === 'boolean') delete out['additionalProperties'];
  return out;
}

/** What is published in a form of its own, or not at all. */
const DERIVED: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'properties', ...LOGIC, 'not']);
