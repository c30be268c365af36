/**
 * The one schema form. A kind says its fields once with these builders; TypeScript types, decoding, defaulting, OpenAPI,
 * patch and apply keys and the protobuf codec are all derived from the values built here.
 */
import type { Json, JsonObject } from '#std';

/** What a scalar looks like on the wires. `byte` is base64 text in JSON. */
export type ScalarName =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'byte'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  | 'fieldsV1'
  | 'any';

export type Type<T = unknown> = ScalarType<T> | ListType<T> | MapType<T> | ObjectType<T> | LazyType<T>;

interface Typed<T> {
  /** Only for inference; never present at run time. */
  readonly __type?: T;
}
export interface ScalarType<T = unknown> extends Typed<T> {
  readonly is: 'scalar';
  readonly scalar: ScalarName;
  /** A name of Go's for a text of which only some are meant: `v1.Protocol`. It is told where a value is no text. */
  readonly goType?: string;
  /** Reads a value that may be of more than one type. Unknown fields in it are dropped without a word, as Kubernetes does. */
  readonly parse?: (value: unknown) => ParsedValue;
  /** The protobuf message of a value that is not one in JSON. */
  readonly wire?: WireForm;
}
/** A value that has several JSON types is a message on the protobuf wire, with a field for each of them. */
export interface WireForm {
  /** Resolved late, for a type that contains itself. */
  readonly message: () => ObjectType<unknown>;
  fromMessage(message: JsonObject): Json;
  toMessage(value: Json): JsonObject;
}
/** What a value was read as; `error` says why it was not. */
export interface ParsedValue {
  readonly value: Json;
  readonly error: string | undefined;
}
export interface ListType<T = unknown> extends Typed<T> {
  readonly is: 'list';
  readonly items: Type;
  /** How lists and maps inside this list merge. */
  readonly itemOptions?: FieldOptions;
}
export interface MapType<T = unknown> extends Typed<T> {
  readonly is: 'map';
  readonly values: Type;
  /** How lists and maps inside this map merge. */
  readonly valueOptions?: FieldOptions;
}
export interface ObjectType<T = unknown> extends Typed<T> {
  readonly is: 'object';
  /** The OpenAPI name, `io.k8s.api.core.v1.Container`. */
  readonly name: string;
  readonly doc: string;
  /** Named in the order in which Kubernetes writes them; where order shows, this is it. Stored objects sort by name. */
  readonly fields: Fields;
  readonly options: ObjectOptions;
}
/** For types that contain themselves. */
export interface LazyType<T = unknown> extends Typed<T> {
  readonly is: 'lazy';
  readonly resolve: () => Type<T>;
}

export interface ObjectOptions {
  /** `x-kubernetes-map-type: atomic`: apply and merge treat the object as one value. */
  readonly mapType?: 'atomic';
  readonly unions?: Json;
  /** Where the type is a kind of the API: `apps/v1 Deployment`; `*` for types that every group version has. */
  readonly gvk?: readonly string[];
  /** Bodies of this type are taken as JSON and YAML only: it has no protobuf message. */
  readonly isJsonOnly?: boolean;
  /** Fields that the schema does not know are kept. */
  readonly preserveUnknown?: boolean;
  /** Of a type that is defined by a schema in the cluster: what the fields of this one do otherwise. */
  readonly custom?: CustomType;
}

/** How values of a type are read, completed and published whose schema is data. `fields` serve patch and apply alone. */
export interface CustomType {
  read(value: unknown): {
    readonly value: Json;
    readonly unknown: readonly string[];
    readonly error: string | undefined;
  };
  /** `keepsNulls`: a null that is no value is not dropped, so that it is refused: it was applied. */
  applyDefaults(value: Json, keepsNulls?: boolean): Json;
  /** Whether every value has the type that the schema says, and none is without one: only then do fields have owners. */
  isTyped(value: Json): boolean;
  openApi(version: 'v2' | 'v3'): Json;
}

export interface FieldOptions {
  /** The static default, set where the field is absent, and published in OpenAPI. */
  readonly default?: Json;
  /** A static default that Kubernetes sets in the same way but does not publish. */
  readonly fill?: Json;
  readonly listType?: 'atomic' | 'set' | 'map';
  /** Keys of an associative list for server-side apply. */
  readonly mapKeys?: readonly string[];
  /** Key of an associative list for strategic merge patch. */
  readonly mergeKey?: string;
  readonly patchStrategy?: string;
  readonly mapType?: 'atomic' | 'granular';
  /** Fields that are flat in JSON but nested on the protobuf wire: the tag of the wrapping message (and deeper). */
  readonly inline?: readonly number[];
  /** A scalar whose zero value (`''`, 0, false) means something and is kept; without this it counts as absent. */
  readonly pointer?: boolean;
  /**
   * What is written where the field is absent: Kubernetes writes some empty values always (`resources: {}`,
   * `lastTransitionTime: null`). Required scalars are written with their zero value without saying so here.
   */
  readonly always?: Json;
  /** A required field that is left out when it is zero. */
  readonly omitEmpty?: boolean;
}
export interface Field<T = unknown, Required extends boolean = boolean> {
  readonly type: Type<T>;
  /** Protobuf field number; 0 when the field is not on that wire (apiVersion, kind). */
  readonly tag: number;
  readonly doc: string;
  readonly required: Required;
  readonly options: FieldOptions;
}
export type Fields = Readonly<Record<string, Field>>;

/** The TypeScript type that a schema describes. */
export type Infer<S> = S extends Typed<infer T> ? T : never;
type FieldType<F> = F extends Field<infer T> ? T : never;
type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F];
export type InferFields<F extends Fields> = { readonly [K in RequiredKeys<F>]: FieldType<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: FieldType<F[K]>;
};

const scalar = <T>(name: ScalarName): ScalarType<T> => ({ is: 'scalar', scalar: name });
export const string = scalar<string>('string');
/** A text whose type has a name of its own in Kubernetes. */
export const named = (goType: string): ScalarType<string> => ({ is: 'scalar', scalar: 'string', goType });
export const boolean = scalar<boolean>('boolean');
export const int32 = scalar<number>('int32');
export const int64 = scalar<number>('int64');
export const double = scalar<number>('double');
/** Bytes; base64 text in JSON. */
export const byte = scalar<string>('byte');
export const time = scalar<string>('time');
export const microTime = scalar<string>('microTime');
export const duration = scalar<string>('duration');
export const quantity = scalar<string>('quantity');
export const intOrString = scalar<number | string>('intOrString');
export const fieldsV1 = scalar<Json>('fieldsV1');
/** Any JSON value, kept as it is. */
export const any = scalar<Json>('any');
/** Any JSON to patches and publications, but read by a function of its own. */
export const parsedBy = (parse: (value: unknown) => ParsedValue, wire?: WireForm): ScalarType<Json> => ({
  ...{ is: 'scalar', scalar: 'any' },
  parse,
  ...(wire && { wire }),
});
/** Any JSON value, which has a message of its own on the protobuf wire. */
export const anyWithWire = (wire: WireForm): ScalarType<Json> => ({ ...{ is: 'scalar', scalar: 'any' }, wire });

export function list<T>(items: Type<T>): ListType<readonly T[]> {
  return { is: 'list', items };
}
export function map<T>(values: Type<T>): MapType<{ readonly [key: string]: T }> {
  return { is: 'map', values };
}
export function lazy<T>(resolve: () => Type<T>): LazyType<T> {
  return { is: 'lazy', resolve };
}
export function object<F extends Fields>(
  name: string,
  doc: string,
  fields: F,
  options: ObjectOptions = {},
): ObjectType<InferFields<F>> {
  return { is: 'object', name, doc, fields, options };
}

/** A field that may be absent. */
export function f<T>(type: Type<T>, tag: number, doc: string, options: FieldOptions = {}): Field<T, false> {
  return { type, tag, doc, required: false, options };
}
/** A field that OpenAPI lists as required. */
export function req<T>(type: Type<T>, tag: number, doc: string, options: FieldOptions = {}): Field<T, true> {
  return { type, tag, doc, required: true, options };
}

/** The type behind any `lazy` wrappers. */
export function resolved(type: Type): Exclude<Type, LazyType> {
  let t: Type = type;
  while (t.is === 'lazy') t = t.resolve();
  return t;
}
