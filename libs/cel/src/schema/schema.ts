import type { Json } from '#std';

/** As much of a structural schema as the language looks at. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}
export interface ValidationRule {
  /** May be missing in what a client sent. */
  readonly rule?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** Bytes of a request: what bounds everything that no schema does. */
const REQUEST_BYTES = 3 * 1024 * 1024;

const TEXT: StructuralSchema = { type: 'string' };
const METADATA: StructuralSchema = { type: 'object', properties: { name: TEXT, generateName: TEXT } };
const RESOURCE = { apiVersion: TEXT, kind: TEXT, metadata: METADATA };

/** The schema with what every object has. */
export function withResourceFields(schema: StructuralSchema): StructuralSchema {
  return { ...schema, properties: { ...schema.properties, ...RESOURCE } };
}
/** Properties of an object; an embedded one has those of every object. */
export function propertiesOf(schema: StructuralSchema): Readonly<Record<string, StructuralSchema>> {
  const { properties = {} } = schema;
  return schema['x-kubernetes-embedded-resource'] ? { ...properties, ...RESOURCE } : properties;
}
/** The schema of a map's values; undefined for objects with declared fields. */
export function valuesOf({ additionalProperties }: StructuralSchema): StructuralSchema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

const bytes = new WeakMap<StructuralSchema, number>();
/** Fewest bytes that a value takes in JSON. Counted once for each part of a schema. */
export function bytesMin(schema: StructuralSchema): number {
  let known = bytes.get(schema);
  if (known === undefined) bytes.set(schema, (known = countedBytes(schema)));
  return known;
}
function countedBytes(schema: StructuralSchema): number {
  if (schema['x-kubernetes-int-or-string']) return 1;
  switch (schema.type) {
    case 'boolean':
      return 4;
    case 'string':
      return stringBytesMin(schema);
    case 'array':
      return 2;
    case 'object':
      return objectBytesMin(schema);
    default:
      return 1;
  }
}
function stringBytesMin({ format, enum: values }: StructuralSchema): number {
  if (values) return Math.min(...values.map((value) => String(value).length + 2));
  switch (format) {
    case 'date':
      return 12;
    case 'date-time':
      return 22;
    case 'duration':
      return 4;
    default:
      return 2;
  }
}
function objectBytesMin(schema: StructuralSchema): number {
  const properties = propertiesOf(schema);
  let bytes = 2;
  for (const name of schema.required ?? []) {
    const property = properties[name];
    if (property && property.default === undefined) bytes += name.length + 4 + bytesMin(property);
  }
  return bytes;
}

/** Largest size of a value as costs count it. */
export function sizeMax(schema: StructuralSchema): number {
  const own = schema['x-kubernetes-int-or-string'] ? undefined : schema.type;
  switch (own) {
    case 'string':
      return stringMax(schema);
    case 'array':
      return schema.maxItems ?? Math.floor((REQUEST_BYTES - 2) / (bytesMin(schema.items ?? {}) + 1));
    case 'object': {
      const values = valuesOf(schema);
      return values ? (schema.maxProperties ?? Math.floor((REQUEST_BYTES - 2) / (bytesMin(values) + 6))) : 1;
    }
    case undefined:
      return REQUEST_BYTES - 2;
    default:
      return 1;
  }
}
/** A character takes up to four bytes, and those are what counts. */
function stringMax({ maxLength, format, enum: values }: StructuralSchema): number {
  switch (format) {
    case 'date':
    case 'date-time':
    case 'duration':
      return 30;
  }
  if (maxLength !== undefined) return maxLength * (format === 'byte' ? 1 : 4);
  if (values) return Math.max(...values.map((value) => String(value).length));
  return REQUEST_BYTES - 2;
}

/** How many values of a schema one request can hold at most. */
export function countMax(schema: StructuralSchema): number {
  return Math.floor(REQUEST_BYTES / (bytesMin(schema) + 1));
}
