import { putValue, type Json } from '#std';
import {
  type CustomType,
  type Field,
  type ObjectType,
  type ParsedValue,
  resolved,
  type ScalarName,
  type Type,
} from './builder.js';
import { type Read, readNamed, readScalar } from './decode-scalars.js';
import { Sink, type Source } from './sink.js';
import { unknownFields } from './unknown-fields.js';

export interface Decoded<T = Json> {
  /**
   * The value as Kubernetes would write it after reading it: known fields only, keys in canonical order, zero values
   * dropped or written as each field says, quantities and times in their one form.
   */
  readonly value: T;
  /** Paths of fields that the schema does not know, in the order of the document: `spec.containers[0].imagee`. */
  readonly unknown: readonly string[];
  /** Why the value cannot be read, in Kubernetes' words; undefined when it can. */
  readonly error: string | undefined;
}

/** Reads JSON as a type. Compiled once per type: a pod takes microseconds. */
export function decode<T>(type: Type<T>, value: unknown, source: Source = 'json'): Decoded<T> {
  const custom = customOf(type);
  if (custom) return custom.read(value ?? {}) as Decoded<T>;
  const sink = new Sink(source);
  const read = readerOf(type)(value ?? {}, sink);
  return {
    value: read as T,
    unknown: sink.unknownSeen ? unknownFields(type, value) : [],
    error: sink.error === undefined ? undefined : firstError(type, value, source),
  };
}

/** What a type does itself. Only whole objects are of such a type. */
export function customOf(type: Type): CustomType | undefined {
  return type.is === 'object' ? type.options.custom : undefined;
}

/** Fields are read in the order of their names; what is wrong is told in that of the document. */
function firstError(type: Type, value: unknown, source: Source): string | undefined {
  const sink = new Sink(source, true);
  readerOf(type)(value ?? {}, sink);
  return sink.error;
}

/** What a type writes when nothing was said: `{}` with all its always-written fields for an object. */
export function zeroOf(type: Type): Json {
  const sink = new Sink('json');
  const t = resolved(type);
  if (t.is === 'object') return readerOf(t)({}, sink) as Json;
  if (t.is === 'list' || t.is === 'map') return null;
  return ZERO[t.scalar];
}

const ZERO = {
  string: '',
  boolean: false,
  int32: 0,
  int64: 0,
  double: 0,
  byte: null,
  time: null,
  microTime: null,
  duration: '0s',
  quantity: '0',
  intOrString: 0,
  fieldsV1: null,
  any: null,
} as const;

const readers = new WeakMap<Type, Read>();

function readerOf(type: Type): Read {
  const t = resolved(type);
  let read = readers.get(t);
  if (read === undefined) {
    // Set before its parts are compiled, so that a type that contains itself finds this one.
    let compiled: Read | undefined;
    read = (value, sink) => (compiled ??= compile(t))(value, sink);
    readers.set(t, read);
  }
  return read;
}

function compile(t: Exclude<Type, { is: 'lazy' }>): Read {
  switch (t.is) {
    case 'scalar':
      if (t.parse) return parseReader(t.parse);
      return t.goType === undefined ? readScalar[t.scalar] : readNamed(t.goType);
    case 'list':
      return listReader(t.items);
    case 'map':
      return mapReader(t.values);
    case 'object':
      return objectReader(t);
  }
}

const GO_SCALARS: Readonly<Record<ScalarName, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  byte: '[]uint8',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  fieldsV1: 'v1.FieldsV1',
  any: 'interface {}',
};

/** A type as Go names it where a value of another one is refused. */
function goType(type: Type): string {
  const t = resolved(type);
  switch (t.is) {
    case 'scalar':
      return t.goType ?? GO_SCALARS[t.scalar];
    case 'list':
      return `[]${goType(t.items)}`;
    case 'map':
      return mapTypeOf(t.values);
    case 'object':
      // The package and the name: `io.k8s.api.core.v1.EnvVar` is a v1.EnvVar.
      return t.name.split('.').slice(-2).join('.');
  }
}
function mapTypeOf(values: Type): string {
  const name = goType(values);
  return name === 'resource.Quantity' ? 'v1.ResourceList' : `map[string]${name}`;
}

function parseReader(parse: (value: unknown) => ParsedValue): Read {
  return (value, sink) => {
    const { value: read, error } = parse(value);
    return error === undefined ? read : sink.broken(error);
  };
}

function listReader(items: Type): Read {
  const read = readerOf(items);
  const zero = lazily(() => zeroOf(items));
  return (value, sink) => {
    if (!Array.isArray(value)) return sink.wrongType(value, `[]${goType(items)}`, 'slice');
    const out: unknown[] = new Array(value.length);
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (item === null || item === undefined) {
        out[i] = zero();
        continue;
      }
      sink.push(i);
      out[i] = read(item, sink);
      sink.pop();
    }
    return out;
  };
}

function mapReader(values: Type): Read {
  const read = readerOf(values);
  // Bytes that are null have a key to keep: they come back from the store as no bytes.
  const zero = values.is === 'scalar' && values.scalar === 'byte' ? () => '' : lazily(() => zeroOf(values));
  return (value, sink) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return sink.wrongType(value, mapTypeOf(values), 'map');
    const source = value as Record<string, unknown>;
    const out: Record<string, unknown> = {};
    const keys = Object.keys(source);
    for (const key of sink.inDocumentOrder ? keys : keys.sort()) {
      const item = source[key];
      if (item === undefined) continue;
      if (item === null) {
        putValue(out, key, zero());
        continue;
      }
      sink.push(0);
      putValue(out, key, read(item, sink));
      sink.pop();
    }
    return out;
  };
}

interface FieldPlan {
  readonly name: string;
  /** What a message about it says: Go tells of the structure that it lies in, though JSON has none. */
  readonly told: string;
  readonly read: Read;
  /** True for a value that counts as absent. */
  readonly empty: (value: unknown) => boolean;
  /** What is written where the field is absent; undefined for nothing. */
  readonly absent: () => unknown;
}

function objectReader(type: ObjectType): Read {
  const plans = Object.keys(type.fields)
    .sort()
    .map((name) => planOf(type, name, type.fields[name] as Field));
  const known = new Map(plans.map((plan) => [plan.name, plan]));
  return (value, sink) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return sink.wrongType(value, goType(type), 'struct');
    const source = value as Record<string, unknown>;
    if (sink.inDocumentOrder) {
      for (const [key, raw] of Object.entries(source)) {
        const plan = known.get(key);
        if (!plan || raw === undefined || raw === null) continue;
        sink.push(plan.told, type.name);
        plan.read(raw, sink);
        sink.pop();
      }
      return undefined;
    }
    const out: Record<string, unknown> = {};
    for (const plan of plans) {
      const raw = source[plan.name];
      let item: unknown;
      if (raw !== undefined && raw !== null) {
        sink.push(plan.told, type.name);
        item = plan.read(raw, sink);
        sink.pop();
      }
      if (item === undefined || plan.empty(item)) item = plan.absent();
      if (item !== undefined) out[plan.name] = item;
    }
    if (!sink.unknownSeen) for (const key in source) if (!known.has(key)) sink.unknownSeen = true;
    return out;
  };
}

/** Structures whose fields are flat in JSON, by the type that has them; of other types it is a LocalObjectReference. */
const EMBEDDED: Readonly<Record<string, string>> = {
  Volume: 'VolumeSource',
  Probe: 'ProbeHandler',
  EphemeralContainer: 'EphemeralContainerCommon',
};

function planOf(type: ObjectType, name: string, field: Field): FieldPlan {
  const t = resolved(field.type);
  const holder = EMBEDDED[type.name.split('.').at(-1) ?? ''] ?? 'LocalObjectReference';
  const told = field.options.inline ? `${holder}.${name}` : name;
  return { name, told, read: readerOf(t), empty: emptyTest(field), absent: absentOf(field) };
}

const never = (): boolean => false;
function hasNoKeys(value: unknown): boolean {
  for (const _ in value as object) return false;
  return true;
}
const nothing = (): undefined => undefined;

function emptyTest(field: Field): (value: unknown) => boolean {
  const t = resolved(field.type);
  const { options } = field;
  if (options.pointer) return never;
  if (t.is === 'list') return options.always === undefined ? (value) => (value as unknown[]).length === 0 : never;
  if (t.is === 'map') {
    return options.always === undefined ? hasNoKeys : never;
  }
  if (t.is === 'object') return never;
  const zero = ZERO[t.scalar];
  if (t.scalar === 'byte') return (value) => value === '';
  if (t.scalar === 'time' || t.scalar === 'microTime')
    return (value) => String(value).startsWith('0001-01-01T00:00:00');
  return (value) => value === zero;
}

function absentOf(field: Field): () => unknown {
  const t = resolved(field.type);
  const { always } = field.options;
  if (always !== undefined) {
    // An empty object is written with whatever its own fields always write.
    if (t.is === 'object' && always !== null) return lazily(() => zeroOf(t));
    return () => always;
  }
  if (!field.required || field.options.omitEmpty || t.is !== 'scalar') return nothing;
  const zero = ZERO[t.scalar];
  return zero === null ? nothing : () => zero;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
