import { parseQuantity, quantityText } from '#meta';
import type { ScalarName } from './builder.js';
import { canonicalMicroTime, canonicalTime } from './go-time.js';
import type { Sink } from './sink.js';

/** Reads one JSON value; undefined when it is wrong, which the sink has been told. */
export type Read = (value: unknown, sink: Sink) => unknown;

const UINT8 = { min: 0, max: 255 };
const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const INT64 = { min: -(2 ** 63), max: 2 ** 63 };

export const readScalar: Readonly<Record<ScalarName, Read>> = {
  string: (value, sink) => (typeof value === 'string' ? value : sink.wrongType(value, 'string')),
  boolean: (value, sink) => (typeof value === 'boolean' ? value : sink.wrongType(value, 'bool')),
  int32: readInt32,
  int64: (value, sink) => (isInteger(value, INT64) ? value : sink.wrongType(value, 'int64')),
  double: (value, sink) => (typeof value === 'number' ? value : sink.wrongType(value, 'float64')),
  byte: readBytes,
  time: (value, sink) => readText(value, sink, canonicalTime, 'string'),
  microTime: (value, sink) => readText(value, sink, canonicalMicroTime, 'string'),
  duration: (value, sink) => (typeof value === 'string' ? value : sink.wrongType(value, 'string')),
  quantity: readQuantity,
  intOrString: readIntOrString,
  fieldsV1: (value) => value,
  any: (value) => value,
};

/** A text of a type with a name. */
export function readNamed(goType: string): Read {
  return (value, sink) => (typeof value === 'string' ? value : sink.wrongType(value, goType));
}

function readInt32(value: unknown, sink: Sink): unknown {
  if (isInteger(value, INT32)) return value;
  // Converted, a number that is too large loses its upper half.
  if (sink.source === 'unstructured' && Number.isSafeInteger(value))
    return Number(BigInt.asIntN(32, BigInt(value as number)));
  return sink.wrongType(value, 'int32');
}

function isInteger(value: unknown, range: { readonly min: number; readonly max: number }): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max;
}

function readText(
  value: unknown,
  sink: Sink,
  parse: (text: string) => { readonly text: string } | { readonly error: string },
  goType: string,
): unknown {
  if (typeof value !== 'string') return sink.wrongText(value, goType);
  const parsed = parse(value);
  return 'text' in parsed ? parsed.text : sink.broken(parsed.error);
}

/** A quantity may be written as a bare number. */
function readQuantity(value: unknown, sink: Sink): unknown {
  const isText = typeof value === 'string' || typeof value === 'number';
  const quantity = parseQuantity(isText ? String(value) : '');
  return quantity.ok ? quantityText(quantity.value) : sink.broken(quantity.message);
}

function readIntOrString(value: unknown, sink: Sink): unknown {
  if (typeof value === 'string') return value;
  return isInteger(value, INT32) ? value : sink.wrongText(value, 'int32');
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function readBytes(value: unknown, sink: Sink): unknown {
  // Bytes are a list of numbers too.
  if (Array.isArray(value) && value.every((byte) => isInteger(byte, UINT8)))
    return btoa(value.map((byte: number) => String.fromCharCode(byte)).join(''));
  if (typeof value !== 'string') return sink.wrongType(value, '[]uint8');
  if (BASE64.test(value)) return value;
  const text = value.replace(/[\r\n]/g, '');
  if (BASE64.test(text)) return text;
  const words = `illegal base64 data at input byte ${firstBadByte(value)}`;
  return sink.broken(sink.source === 'unstructured' ? `error decoding from json: ${words}` : words);
}

/** Where a base64 text stops being one: line ends are skipped but counted, as Go counts. */
function firstBadByte(text: string): number {
  let inGroup = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\r' || c === '\n') continue;
    if (c === '=') {
      if (inGroup < 2) return i;
      const rest = text.slice(i).replace(/[\r\n]/g, '');
      const padding = inGroup === 2 ? '==' : '=';
      if (rest.startsWith(padding)) return i + padding.length;
      return rest.length < padding.length ? text.length : i + 1;
    }
    if (!/[A-Za-z0-9+/]/.test(c)) return i;
    inGroup = (inGroup + 1) % 4;
  }
  return text.length - inGroup;
}
