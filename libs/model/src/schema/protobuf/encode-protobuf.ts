import type { Json } from '#std';
import { type ListType, type ObjectType, resolved, type ScalarName, type Type } from '../builder.js';
import { fromBase64 } from './base64.js';
import { type WireMessage, wireMessage } from './plan.js';
import { ProtobufError, WireWriter } from './wire.js';

/** JSON of a type as its protobuf message; absent fields are not written. */
export function encodeProtobuf(type: ObjectType<unknown>, value: object): Uint8Array {
  const writer = new WireWriter();
  writeMessage(wireMessage(type), value as Fields, writer);
  return writer.done();
}

type Fields = Readonly<Record<string, unknown>>;
type Resolved = Exclude<Type, { is: 'lazy' }>;

function writeMessage(message: WireMessage, value: Fields, writer: WireWriter): void {
  for (const [tag, field] of message) {
    if (field.is === 'group') {
      const inner = new WireWriter();
      writeMessage(field.message, value, inner);
      const bytes = inner.done();
      if (bytes.length > 0) writer.blob(tag, bytes);
      continue;
    }
    const item = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
    if (item !== undefined && item !== null) writeField(tag, field.type, item, writer);
  }
}

function writeField(tag: number, type: Resolved, value: unknown, writer: WireWriter): void {
  if (type.is === 'list') {
    const items = resolved(type.items);
    for (const item of value as readonly unknown[]) writeValue(tag, items, item, writer);
  } else if (type.is === 'map') {
    const values = resolved(type.values);
    for (const [key, item] of Object.entries(value as Fields)) {
      const entry = new WireWriter();
      entry.text(1, key);
      if (values.is === 'list') entry.blob(2, listBytes(values, item));
      else writeValue(2, values, item, entry);
      writer.blob(tag, entry.done());
    }
  } else writeValue(tag, type, value, writer);
}

/** A list that is a map's value is a message of its own, with its items under tag 1. */
function listBytes(list: ListType, items: unknown): Uint8Array {
  const writer = new WireWriter();
  writeField(1, list, items ?? [], writer);
  return writer.done();
}

function writeValue(tag: number, type: Resolved, value: unknown, writer: WireWriter): void {
  if (type.is === 'object') writer.blob(tag, encodeProtobuf(type, (value ?? {}) as object));
  else if (type.is === 'scalar' && type.wire)
    writer.blob(tag, encodeProtobuf(type.wire.message(), type.wire.toMessage(value as Json)));
  else if (type.is === 'scalar') writeScalar(tag, type.scalar, value, writer);
  else throw new ProtobufError('a list of lists is no protobuf message');
}

function writeScalar(tag: number, scalar: ScalarName, value: unknown, writer: WireWriter): void {
  switch (scalar) {
    case 'boolean':
      return writer.varint(tag, value === true ? 1n : 0n);
    case 'int32':
    case 'int64':
      return writer.varint(tag, BigInt(value as number));
    case 'double':
      return writer.double(tag, value as number);
    case 'string':
      return writer.text(tag, value as string);
    case 'byte':
      return writer.blob(tag, fromBase64(value as string));
    default: {
      const inner = new WireWriter();
      writeWrapped(scalar, value, inner);
      return writer.blob(tag, inner.done());
    }
  }
}

function writeWrapped(scalar: ScalarName, value: unknown, writer: WireWriter): void {
  if (value === null || value === undefined) return;
  if (scalar === 'quantity') writer.text(1, String(value));
  else if (scalar === 'intOrString') {
    writer.varint(1, typeof value === 'string' ? 1n : 0n);
    writer.varint(2, typeof value === 'string' ? 0n : BigInt(value as number));
    writer.text(3, typeof value === 'string' ? value : '');
  } else if (scalar === 'duration') writer.varint(1, nanosOf(value as string));
  else if (scalar === 'time' || scalar === 'microTime') {
    const [seconds, nanos] = secondsAndNanos(value as string);
    writer.varint(1, seconds);
    writer.varint(2, nanos);
  } else writer.text(1, JSON.stringify(value));
}

function secondsAndNanos(text: string): readonly [bigint, bigint] {
  const match = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text);
  const seconds = Math.floor(Date.parse(`${match?.[1] ?? ''}${match?.[3] ?? ''}`) / 1000);
  return [BigInt(seconds), BigInt((match?.[2] ?? '').padEnd(9, '0').slice(0, 9))];
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
function nanosOf(text: string): bigint {
  let total = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (UNITS[unit ?? ''] ?? 0);
  }
  return BigInt(Math.round(text.startsWith('-') ? -total : total));
}
