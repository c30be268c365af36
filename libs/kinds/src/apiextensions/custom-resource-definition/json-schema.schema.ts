import {
  any,
  anyWithWire,
  boolean,
  decode,
  double,
  f,
  int64,
  lazy,
  list,
  map,
  object,
  parsedBy,
  req,
  string,
  type ObjectType,
  type ParsedValue,
  type ScalarType,
  type Type,
  type WireForm,
} from '#model';
import { isJsonObject, type Json } from '#std';

const P = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** A schema of values as a definition states it. What may be more than one thing (`items`) is read as any JSON. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $schema?: string;
  readonly id?: string;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly default?: Json;
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly multipleOf?: number;
  readonly enum?: readonly Json[];
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly items?: Json;
  readonly allOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: Json;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly dependencies?: Readonly<Record<string, Json>>;
  readonly additionalItems?: Json;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly externalDocs?: { readonly description?: string; readonly url?: string };
  readonly example?: Json;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}
/** A rule in CEL. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

const validationRule = object(`${P}.ValidationRule`, 'A rule in CEL that values must keep.', {
  rule: req(string, 1, 'The expression; it must be true.'),
  message: f(string, 2, 'What is answered when it is not.'),
  messageExpression: f(string, 3, 'An expression that gives the answer.'),
  reason: f(string, 4, 'Reason in the answer.', { pointer: true }),
  fieldPath: f(string, 5, 'Field that the answer is about.'),
  optionalOldSelf: f(boolean, 6, 'Whether the rule also runs where there is no old value.', { pointer: true }),
});
const externalDocumentation = object(`${P}.ExternalDocumentation`, 'Where more is written.', {
  description: f(string, 1, 'What is written there.'),
  url: f(string, 2, 'Address of the text.'),
});

const props: Type<JsonSchema> = lazy((): Type<JsonSchema> => jsonSchemaProps);

/** A schema where something else may stand, too. Its errors are told as of a schema by itself. */
function schemaOr(what: string, other: (value: unknown) => ParsedValue | undefined, wire: WireForm): ScalarType<Json> {
  return parsedBy((value) => {
    if (isJsonObject(value)) return readSchema(value);
    return other(value) ?? { value: null, error: `${what} or JSON schema expected` };
  }, wire);
}
function readSchema(value: unknown): ParsedValue {
  return decode<unknown>(jsonSchemaProps, value) as ParsedValue;
}
const booleanWire: WireForm = {
  message: () => schemaOrBooleanMessage,
  fromMessage: ({ schema, allows }) => schema ?? allows ?? false,
  toMessage: (value) => (isJsonObject(value) ? { allows: true, schema: value } : { allows: value }),
};
const schemaOrBoolean = schemaOr(
  'boolean',
  (value) => (typeof value === 'boolean' ? { value, error: undefined } : undefined),
  booleanWire,
);
const schemaOrSchemas = schemaOr(
  'array',
  (value) => {
    if (!Array.isArray(value)) return undefined;
    const read = value.map(readSchema);
    return { value: read.map((one) => one.value), error: read.find(({ error }) => error !== undefined)?.error };
  },
  {
    message: () => schemaOrSchemasMessage,
    fromMessage: ({ schema, schemas }) => schemas ?? schema ?? null,
    toMessage: (value) => (isJsonObject(value) ? { schema: value } : { schemas: value }),
  },
);
/** Not supported in a definition: read as any JSON and refused where it stands. */
const schemaOrNames = anyWithWire({
  message: () => schemaOrNamesMessage,
  fromMessage: ({ schema, names }) => names ?? (schema === undefined ? null : readSchema(schema).value),
  toMessage: (value) => (isJsonObject(value) ? { schema: value } : { names: value }),
});

// On the protobuf wire either of them has a field of its own.
const schemaOrBooleanMessage = object(`${P}.JSONSchemaPropsOrBool`, 'A schema, or whether there may be a value.', {
  allows: f(boolean, 1, 'Whether there may be a value.', { pointer: true }),
  schema: f(props, 2, 'Schema of the values.'),
});
const schemaOrSchemasMessage = object(`${P}.JSONSchemaPropsOrArray`, 'A schema, or a list of them.', {
  schema: f(props, 1, 'Schema of all items.'),
  schemas: f(list(props), 2, 'Schemas of the items, one each.'),
});
const schemaOrNamesMessage = object(`${P}.JSONSchemaPropsOrStringArray`, 'A schema, or a list of names.', {
  schema: f(props, 1, 'The schema.'),
  names: f(list(string), 2, 'The names.'),
});

const ATOMIC = { listType: 'atomic' } as const;
const kept = { pointer: true } as const;

export const jsonSchemaProps: ObjectType<JsonSchema> = object(`${P}.JSONSchemaProps`, 'A schema of JSON values.', {
  id: f(string, 1, 'Name of the schema.'),
  $schema: f(string, 2, 'Dialect of the schema.'),
  $ref: f(string, 3, 'Not supported.', kept),
  description: f(string, 4, 'What the value means.'),
  type: f(string, 5, 'Type of the value.'),
  format: f(string, 6, 'Form of a text or a number.'),
  title: f(string, 7, 'A short name.'),
  default: f(any, 8, 'Value that is set where there is none.'),
  maximum: f(double, 9, 'Largest number.', kept),
  exclusiveMaximum: f(boolean, 10, 'Whether `maximum` itself is too large.'),
  minimum: f(double, 11, 'Smallest number.', kept),
  exclusiveMinimum: f(boolean, 12, 'Whether `minimum` itself is too small.'),
  maxLength: f(int64, 13, 'Largest length of a text, in characters.', kept),
  minLength: f(int64, 14, 'Smallest length of a text, in characters.', kept),
  pattern: f(string, 15, 'Regular expression (RE2) that a text must match.'),
  maxItems: f(int64, 16, 'Largest number of items.', kept),
  minItems: f(int64, 17, 'Smallest number of items.', kept),
  uniqueItems: f(boolean, 18, 'Not supported.'),
  multipleOf: f(double, 19, 'Number that the value must be a multiple of.', kept),
  enum: f(list(any), 20, 'All values that there may be.', ATOMIC),
  maxProperties: f(int64, 21, 'Largest number of fields.', kept),
  minProperties: f(int64, 22, 'Smallest number of fields.', kept),
  required: f(list(string), 23, 'Fields that must be there.', ATOMIC),
  items: f(schemaOrSchemas, 24, 'Schema of the items of a list.'),
  allOf: f(list(props), 25, 'Schemas that must all hold.', ATOMIC),
  oneOf: f(list(props), 26, 'Schemas of which exactly one must hold.', ATOMIC),
  anyOf: f(list(props), 27, 'Schemas of which one must hold.', ATOMIC),
  not: f(props, 28, 'A schema that must not hold.'),
  properties: f(map(props), 29, 'Schemas of fields.'),
  additionalProperties: f(schemaOrBoolean, 30, 'Schema of the values of a map.'),
  patternProperties: f(map(props), 31, 'Not supported.'),
  dependencies: f(map(schemaOrNames), 32, 'Not supported.'),
  additionalItems: f(schemaOrBoolean, 33, 'Not supported.'),
  definitions: f(map(props), 34, 'Not supported.'),
  externalDocs: f(externalDocumentation, 35, 'Where more is written.'),
  example: f(any, 36, 'An example of a value.'),
  nullable: f(boolean, 37, 'Whether null is a value.'),
  'x-kubernetes-preserve-unknown-fields': f(boolean, 38, 'Whether fields without a schema are kept.', kept),
  'x-kubernetes-embedded-resource': f(boolean, 39, 'Whether the value is an object of the API.'),
  'x-kubernetes-int-or-string': f(boolean, 40, 'Whether the value is a whole number or a text.'),
  'x-kubernetes-list-map-keys': f(list(string), 41, 'Fields that tell the items of a list apart.', ATOMIC),
  'x-kubernetes-list-type': f(string, 42, 'How a list merges: atomic, set or map.', kept),
  'x-kubernetes-map-type': f(string, 43, 'How a map merges: granular or atomic.', kept),
  'x-kubernetes-validations': f(list(validationRule), 44, 'Rules in CEL.', {
    ...{ listType: 'map', mapKeys: ['rule'], mergeKey: 'rule', patchStrategy: 'merge' },
  }),
}) as ObjectType<JsonSchema>;
