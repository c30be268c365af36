import { goDuration, goJsonError, isTooDeep, type JsonObject } from '#std';
import { type ListType, type ObjectType, resolved, type ScalarName, type Type } from '../builder.js';
import { toBase64 } from './base64.js';
import { type WireMessage, wireMessage } from './plan.js';
import { BYTES, FIXED64, ProtobufError, VARINT, WireReader } from './wire.js';

/**
 * A protobuf message as the JSON that the same object would have. Go writes every plain field, so zero values come
 * along: {@link decode} of the result drops them as it drops them from JSON. Throws {@link ProtobufError}.
 */
export function decodeProtobuf(type: ObjectType<unknown>, bytes: Uint8Array): JsonObject {
  const out: Fields = {};
  readMessage(wireMessage(type), new WireReader(bytes), out);
  if (isTooDeep(out)) throw new ProtobufError('exceeded max depth');
  return out as JsonObject;
}

type Fields = Record<string, unknown>;
type Resolved = Exclude<Type, { is: 'lazy' }>;

function readMessage(type: WireMessage, reader: WireReader, out: Fields): void {
  while (!reader.isAtEnd) {
    const { tag, wire } = reader.key();
    const field = type.get(tag);
    if (field === undefined) reader.skip(wire);
    else if (field.is === 'group') readMessage(field.message, message(reader, wire), out);
    else readField(field.name, field.type, { reader, wire, out });
  }
}

interface At {
  readonly reader: WireReader;
  readonly wire: number;
  readonly out: Fields;
}

function readField(name: string, type: Resolved, { reader, wire, out }: At): void {
  if (type.is === 'list') {
    const items = (out[name] ??= []) as unknown[];
    const of = resolved(type.items);
    if (wire === BYTES && of.is === 'scalar' && isNumber(of.scalar)) {
      // Packed numbers: one blob holds them all.
      const packed = new WireReader(reader.blob());
      while (!packed.isAtEnd) items.push(readValue(of, packed, of.scalar === 'double' ? FIXED64 : VARINT));
    } else items.push(readValue(of, reader, wire));
  } else if (type.is === 'map') {
    const entries = (out[name] ??= {}) as Fields;
    const [key, value] = readEntry(resolved(type.values), message(reader, wire));
    Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
  } else if (type.is === 'object') {
    // A message that comes twice is one message in two parts.
    const inner = (out[name] ??= {}) as Fields;
    readMessage(wireMessage(type), message(reader, wire), inner);
  } else out[name] = readValue(type, reader, wire);
}

function readEntry(values: Resolved, reader: WireReader): readonly [string, unknown] {
  let key = '';
  let value: unknown;
  while (!reader.isAtEnd) {
    const { tag, wire } = reader.key();
    if (tag === 1) key = reader.text();
    else if (tag === 2)
      value = values.is === 'list' ? readItems(values, reader, wire) : readValue(values, reader, wire);
    else reader.skip(wire);
  }
  return [key, value ?? (values.is === 'object' ? {} : values.is === 'list' ? [] : null)];
}

/** A list that is a map's value is a message of its own, with its items under tag 1. */
function readItems(list: ListType, reader: WireReader, wire: number): unknown {
  const out: Fields = {};
  const itemsOnly: WireMessage = new Map([[1, { is: 'field', name: 'items', type: list }]]);
  readMessage(itemsOnly, message(reader, wire), out);
  return out['items'] ?? [];
}

function readValue(type: Resolved, reader: WireReader, wire: number): unknown {
  if (type.is === 'object') {
    const out: Fields = {};
    readMessage(wireMessage(type), message(reader, wire), out);
    return out;
  }
  if (type.is !== 'scalar') throw new ProtobufError('a list of lists is no protobuf message');
  if (type.wire) {
    const out: Fields = {};
    readMessage(wireMessage(type.wire.message()), message(reader, wire), out);
    return type.wire.fromMessage(out as JsonObject);
  }
  return readScalar(type.scalar, reader, wire);
}

const isNumber = (scalar: ScalarName): boolean => ['int32', 'int64', 'double', 'boolean'].includes(scalar);

function readScalar(scalar: ScalarName, reader: WireReader, wire: number): unknown {
  switch (scalar) {
    case 'boolean':
      return varint(reader, wire) !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, varint(reader, wire)));
    case 'int64':
      return Number(BigInt.asIntN(64, varint(reader, wire)));
    case 'double':
      if (wire !== FIXED64) throw new ProtobufError(`wrong wireType = ${wire}`);
      return reader.double();
    case 'string':
      return new TextDecoder().decode(blob(reader, wire));
    case 'byte':
      return toBase64(blob(reader, wire));
    default:
      return readWrapped(scalar, parts(blob(reader, wire)));
  }
}

interface Parts {
  readonly numbers: ReadonlyMap<number, bigint>;
  readonly blobs: ReadonlyMap<number, Uint8Array>;
}
/** Scalars of JSON that are small messages on the wire. */
function readWrapped(scalar: ScalarName, { numbers, blobs }: Parts): unknown {
  const number = (tag: number): bigint => BigInt.asIntN(64, numbers.get(tag) ?? 0n);
  const text = (tag: number): string => new TextDecoder().decode(blobs.get(tag));
  switch (scalar) {
    case 'quantity':
      return text(1) || '0';
    case 'intOrString':
      return number(1) === 0n ? Number(BigInt.asIntN(32, number(2))) : text(3);
    case 'duration':
      return goDuration(number(1));
    case 'time':
    case 'microTime':
      return timeText(number(1), Number(number(2)), scalar === 'microTime');
    default: {
      const raw = text(1);
      return raw === '' ? null : readJson(raw);
    }
  }
}

function readJson(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    throw new ProtobufError(goJsonError(raw));
  }
}

function timeText(seconds: bigint, nanos: number, micro: boolean): string | null {
  // Go's zero time is sent as an empty message, as zeros or as the first second of year 1; JSON has null for it.
  if ((seconds === 0n && nanos === 0) || seconds === -62135596800n) return null;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return micro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}

function parts(bytes: Uint8Array): Parts {
  const reader = new WireReader(bytes);
  const numbers = new Map<number, bigint>();
  const blobs = new Map<number, Uint8Array>();
  while (!reader.isAtEnd) {
    const { tag, wire } = reader.key();
    if (wire === VARINT) numbers.set(tag, reader.varint());
    else if (wire === BYTES) blobs.set(tag, reader.blob());
    else reader.skip(wire);
  }
  return { numbers, blobs };
}

function message(reader: WireReader, wire: number): WireReader {
  if (wire !== BYTES) throw new ProtobufError(`wrong wireType = ${wire}`);
  return reader.message();
}
function blob(reader: WireReader, wire: number): Uint8Array {
  if (wire !== BYTES) throw new ProtobufError(`wrong wireType = ${wire}`);
  return reader.blob();
}
function varint(reader: WireReader, wire: number): bigint {
  if (wire !== VARINT) throw new ProtobufError(`wrong wireType = ${wire}`);
  return reader.varint();
}
