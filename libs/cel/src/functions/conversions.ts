import { cidrText, ipText } from '#meta';
import { parseDuration, durationText, parseTimestamp, timestampText } from '../values/time.js';
import {
  CelError,
  CelList,
  CelMap,
  CidrValue,
  Duration,
  IpValue,
  NO_OVERLOAD,
  Timestamp,
  typeName,
  TypeValue,
  Uint,
  type Result,
  type Value,
} from '../values/values.js';
import { lengthOf } from '../values/text.js';
import { duration, int, timestamp, uint } from './arithmetic.js';
import { overload, READS_FIRST, traversal, type Costs, type Overload } from './overload.js';

const failed = (from: string, to: string): CelError => new CelError(`type conversion error from '${from}' to '${to}'`);
const NANOS = 1_000_000_000n;
const INT_RANGE = new CelError('integer overflow');

const of =
  <T extends Value>(is: (value: Value) => value is T, make: (value: T) => Result): Overload['apply'] =>
  ([value]) =>
    value !== undefined && is(value) ? make(value) : NO_OVERLOAD;
export const isText = (value: Value): value is string => typeof value === 'string';
const isInt = (value: Value): value is bigint => typeof value === 'bigint';
const isDouble = (value: Value): value is number => typeof value === 'number';
const isUint = (value: Value): value is Uint => value instanceof Uint;
const isBytes = (value: Value): value is Uint8Array => value instanceof Uint8Array;
const isTimestamp = (value: Value): value is Timestamp => value instanceof Timestamp;
const isDuration = (value: Value): value is Duration => value instanceof Duration;
const same: Overload['apply'] = ([value]) => value as Value;

/** A text of as many characters as any such value can have. */
const SHORT_TEXT: Costs = {};
const COPIES: Costs = { ...READS_FIRST, size: ([first = 0]) => first };
const SIZE: Costs = { size: () => 1 };

export const conversions: readonly Overload[] = [
  overload('type: (A) type(A)', ([value]) => new TypeValue(typeName(value as Value))),
  overload('dyn: (A) dyn', same, { size: ([first = 0]) => first }),
  overload(
    'size: (string) int',
    of(isText, (text) => BigInt(lengthOf(text))),
    SIZE,
  ),
  overload(
    'size: (bytes) int',
    of(isBytes, (bytes) => BigInt(bytes.length)),
    SIZE,
  ),
  overload('size: (list(A)) int', sizeOfAny, SIZE),
  overload('size: (map(A, B)) int', sizeOfAny, SIZE),
  overload(
    'size: string.() int',
    of(isText, (text) => BigInt(lengthOf(text))),
    SIZE,
  ),
  overload(
    'size: bytes.() int',
    of(isBytes, (bytes) => BigInt(bytes.length)),
    SIZE,
  ),
  overload('size: list(A).() int', sizeOfAny, SIZE),
  overload('size: map(A, B).() int', sizeOfAny, SIZE),
  overload('bool: (bool) bool', same),
  overload('bool: (string) bool', of(isText, toBool)),
  overload('bytes: (bytes) bytes', same, { size: ([first = 0]) => first }),
  overload(
    'bytes: (string) bytes',
    of(isText, (text) => new TextEncoder().encode(text)),
    {
      ...READS_FIRST,
      size: ([first = 0]) => first * 4,
    },
  ),
  overload('double: (double) double', same),
  overload('double: (int) double', of(isInt, Number)),
  overload(
    'double: (uint) double',
    of(isUint, ({ value }) => Number(value)),
  ),
  overload('double: (string) double', of(isText, toDouble), READS_FIRST),
  overload('int: (int) int', same),
  overload(
    'int: (uint) int',
    of(isUint, ({ value }) => int(value)),
  ),
  overload('int: (double) int', of(isDouble, doubleToInt)),
  overload('int: (string) int', of(isText, toInt), READS_FIRST),
  overload(
    'int: (timestamp) int',
    of(isTimestamp, ({ nanos }) => floorDivide(nanos, NANOS)),
  ),
  overload(
    'int: (duration) int',
    of(isDuration, ({ nanos }) => nanos),
  ),
  overload('uint: (uint) uint', same),
  overload('uint: (int) uint', of(isInt, uint)),
  overload('uint: (double) uint', of(isDouble, doubleToUint)),
  overload('uint: (string) uint', of(isText, toUint), READS_FIRST),
  overload('string: (string) string', same, { size: ([first = 0]) => first }),
  overload('string: (bool) string', ([value]) => String(value), SHORT_TEXT),
  overload('string: (int) string', of(isInt, String), SHORT_TEXT),
  overload(
    'string: (uint) string',
    of(isUint, ({ value }) => String(value)),
    SHORT_TEXT,
  ),
  overload('string: (double) string', of(isDouble, doubleText), SHORT_TEXT),
  overload('string: (bytes) string', of(isBytes, bytesToText), COPIES),
  overload(
    'string: (timestamp) string',
    of(isTimestamp, ({ nanos }) => timestampText(nanos)),
    SHORT_TEXT,
  ),
  overload(
    'string: (duration) string',
    of(isDuration, ({ nanos }) => durationText(nanos)),
    SHORT_TEXT,
  ),
  overload('string: (net.IP) string', ([ip]) => (ip instanceof IpValue ? ipText(ip.ip) : NO_OVERLOAD), SHORT_TEXT),
  overload('string: (net.CIDR) string', ([c]) => (c instanceof CidrValue ? cidrText(c.cidr) : NO_OVERLOAD), SHORT_TEXT),
  overload('duration: (duration) duration', same),
  overload('duration: (int) duration', of(isInt, duration)),
  overload('duration: (string) duration', of(isText, toDuration), READS_FIRST),
  overload('timestamp: (timestamp) timestamp', same),
  overload(
    'timestamp: (int) timestamp',
    of(isInt, (seconds) => timestamp(seconds * NANOS)),
  ),
  overload('timestamp: (string) timestamp', of(isText, toTimestamp), READS_FIRST),
];

function sizeOfAny([value]: readonly Value[]): Result {
  return value instanceof CelList || value instanceof CelMap ? BigInt(value.size) : NO_OVERLOAD;
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
function toBool(text: string): Result {
  return TRUE.has(text) ? true : FALSE.has(text) ? false : failed('string', 'bool');
}
function toInt(text: string): Result {
  const value = /^[+-]?\d{1,20}$/.test(text) ? int(BigInt(text.replace(/^\+/, ''))) : undefined;
  return value === undefined || value instanceof CelError ? failed('string', 'int') : value;
}
function toUint(text: string): Result {
  const value = /^\d{1,20}$/.test(text) ? uint(BigInt(text)) : undefined;
  return value === undefined || value instanceof CelError ? failed('string', 'uint') : value;
}
function toDouble(text: string): Result {
  if (/^[+-]?(inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  if (text.length > 400 || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return failed('string', 'double');
  const value = Number(text);
  return Number.isFinite(value) ? value : failed('string', 'double');
}
function doubleToInt(value: number): Result {
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) return INT_RANGE;
  return BigInt(Math.trunc(value));
}
function doubleToUint(value: number): Result {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) return new CelError('unsigned integer overflow');
  return new Uint(BigInt(Math.trunc(value)));
}
function bytesToText(bytes: Uint8Array): Result {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}
function toDuration(text: string): Result {
  const nanos = parseDuration(text);
  if (nanos === undefined) return failed('string', 'google.protobuf.Duration');
  const value = duration(nanos);
  return value instanceof CelError ? failed('string', 'google.protobuf.Duration') : value;
}
function toTimestamp(text: string): Result {
  const nanos = parseTimestamp(text);
  return nanos === undefined ? failed('string', 'google.protobuf.Timestamp') : timestamp(nanos);
}
function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** A number as Go prints it with the fewest digits: exponents from 21 digits on. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}
export { traversal };
