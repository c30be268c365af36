import { isJsonObject, type Json } from '#std';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  STRING,
  TIMESTAMP,
  type ObjectType,
  type Type,
} from '../check/types.js';
import type { Shape } from '../cost/estimate.js';
import { entriesOf, fromJson, isInteger } from '../values/json.js';
import { parseDuration, parseTimestamp } from '../values/time.js';
import { CelList, CelMap, Duration, Timestamp, type Value } from '../values/values.js';
import { celName } from './names.js';
import { propertiesOf, sizeMax, valuesOf, type StructuralSchema } from './schema.js';

/** The type of values of a schema. Objects are told apart by their place, which names them. */
export function typeOfSchema(schema: StructuralSchema, place: string): Type {
  if (schema['x-kubernetes-int-or-string']) return DYN;
  switch (schema.type) {
    case 'boolean':
      return BOOL;
    case 'integer':
      return INT;
    case 'number':
      return DOUBLE;
    case 'string':
      return stringType(schema);
    case 'array':
      return listOf(typeOfSchema(schema.items ?? {}, `${place}.@items`));
    case 'object': {
      const values = valuesOf(schema);
      return values ? mapOf(STRING, typeOfSchema(values, `${place}.@values`)) : objectType(schema, place);
    }
    default:
      return DYN;
  }
}
/** Whether expressions know values of a schema: others, and the objects' fields that have them, are hidden from them. */
export function isTyped(schema: StructuralSchema): boolean {
  if (schema['x-kubernetes-int-or-string']) return true;
  switch (schema.type) {
    case 'array':
      return schema.items !== undefined && isTyped(schema.items);
    case 'object': {
      const values = valuesOf(schema);
      return values === undefined || isTyped(values);
    }
    default:
      return SCALARS.has(schema.type ?? '');
  }
}
const SCALARS: ReadonlySet<string> = new Set(['boolean', 'integer', 'number', 'string']);

function stringType({ format }: StructuralSchema): Type {
  switch (format) {
    case 'byte':
      return BYTES;
    case 'duration':
      return DURATION;
    case 'date':
    case 'date-time':
      return TIMESTAMP;
    default:
      return STRING;
  }
}
function objectType(schema: StructuralSchema, place: string): ObjectType {
  const byName = namedProperties(schema);
  return {
    kind: 'object',
    name: place,
    field: (name) => {
      const property = byName.get(name);
      return property && typeOfSchema(property.schema, `${place}.${name}`);
    },
  };
}

interface Property {
  readonly key: string;
  readonly schema: StructuralSchema;
}
const named = new WeakMap<StructuralSchema, ReadonlyMap<string, Property>>();
/** Properties by the names that expressions have for them. */
function namedProperties(schema: StructuralSchema): ReadonlyMap<string, Property> {
  let known = named.get(schema);
  if (known) return known;
  const entries = Object.entries(propertiesOf(schema)).flatMap(([key, property]): [string, Property][] => {
    const name = celName(key);
    return name === undefined || !isTyped(property) ? [] : [[name, { key, schema: property }]];
  });
  named.set(schema, (known = new Map(entries)));
  return known;
}

const shapes = new WeakMap<StructuralSchema, Shape>();
/** Sizes of values of a schema. Made once for each part of it. */
export function shapeOfSchema(schema: StructuralSchema): Shape {
  let known = shapes.get(schema);
  if (known === undefined) shapes.set(schema, (known = madeShape(schema)));
  return known;
}
function madeShape(schema: StructuralSchema): Shape {
  const { items } = schema;
  const values = valuesOf(schema);
  const inner = schema.type === 'array' ? items : values;
  return {
    sizeMax: sizeMax(schema),
    ...(inner && { element: shapeOfSchema(inner) }),
    ...(values && { key: { sizeMax: sizeMax({ type: 'string' }) } }),
    field: (name) => {
      const property = values ? undefined : namedProperties(schema).get(name);
      return property && shapeOfSchema(property.schema);
    },
  };
}

/** A value of JSON as its schema types it. Parts are made when they are looked at. */
export function fromTyped(json: Json | undefined, schema: StructuralSchema): Value {
  if (json === undefined || json === null) return null;
  if (typeof json === 'number') return numberOf(json, schema);
  if (typeof json === 'string') return stringOf(json, schema);
  if (typeof json === 'boolean') return json;
  if (isJsonObject(json)) return objectOf(json, schema);
  const { items } = schema;
  if (!items) return fromJson(json);
  const list = json as readonly Json[];
  const order = schema['x-kubernetes-list-type'] === 'set' ? 'set' : 'list';
  const isMap = schema['x-kubernetes-list-type'] === 'map';
  const keys = isMap ? (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => celName(key) ?? key) : [];
  return new CelList(() => list.map((item) => fromTyped(item, items)), list.length, order, keys);
}
function numberOf(number: number, schema: StructuralSchema): Value {
  return schema.type === 'number' || !isInteger(number) ? number : BigInt(number);
}
function stringOf(text: string, { type, format }: StructuralSchema): Value {
  if (type !== 'string') return text;
  switch (format) {
    case 'byte':
      return bytesOf(text) ?? text;
    case 'duration': {
      const nanos = parseDuration(text);
      return nanos === undefined ? text : new Duration(nanos);
    }
    case 'date':
    case 'date-time': {
      const nanos = parseTimestamp(format === 'date' ? `${text}T00:00:00Z` : text);
      return nanos === undefined ? text : new Timestamp(nanos);
    }
    default:
      return text;
  }
}
function bytesOf(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0));
  } catch {
    return undefined;
  }
}
function objectOf(json: Readonly<Record<string, Json | undefined>>, schema: StructuralSchema): Value {
  const values = valuesOf(schema);
  if (values) return new CelMap(entriesOf(json).map(([key, value]) => [key, () => fromTyped(value, values)]));
  if (schema.type !== 'object') return fromJson(json as Json);
  const fields = Array.from(namedProperties(schema)).filter(
    ([, { key }]) => Object.hasOwn(json, key) && json[key] !== undefined,
  );
  return new CelMap(
    fields.map(([name, property]) => [name, () => fromTyped(json[property.key], property.schema)]),
    'object',
  );
}
