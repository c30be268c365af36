import { goQuote } from '#std';
import { durationText, timestampText } from '../values/time.js';
import {
  CelError,
  CelList,
  CelMap,
  Duration,
  NO_OVERLOAD,
  Timestamp,
  typeName,
  TypeValue,
  Uint,
  type Result,
  type Value,
} from '../values/values.js';
import { doubleText } from './conversions.js';

/** Characters that one text may be formatted to. */
const FORMATTED_MAX = 1024 * 1024;
const PRECISION_MAX = 1000;

/** `'%s is %d'.format([…])`. */
export function formatted(template: string, list: Value | undefined): Result {
  if (!(list instanceof CelList)) return NO_OVERLOAD;
  let out = '';
  let used = 0;
  let from = 0;
  for (const match of template.matchAll(/%(?:\.(\d+))?(.?)/gsu)) {
    const [clause, precision, verb = ''] = match;
    out += template.slice(from, match.index);
    from = match.index + clause.length;
    if (verb === '%' && precision === undefined) out += '%';
    else {
      const value = used < list.size ? list.items[used] : undefined;
      if (value === undefined) return new CelError(`index ${used} out of range`);
      used++;
      const text = clauseText(value, verb, precision === undefined ? undefined : Number(precision));
      if (text instanceof CelError) return text;
      out += text;
    }
    if (out.length > FORMATTED_MAX) return new CelError('the result is too large');
  }
  return out + template.slice(from);
}

function clauseText(value: Value, verb: string, precision: number | undefined): string | CelError {
  if (precision !== undefined && precision > PRECISION_MAX) return new CelError('the precision is too large');
  switch (verb) {
    case 's':
      return textOf(value, 0);
    case 'd':
      return decimal(value);
    case 'f':
      return fixed(value, precision ?? 6);
    case 'e':
      return scientific(value, precision ?? 6);
    case 'b':
      return binary(value);
    case 'x':
    case 'X':
    case 'o':
      return inBase(value, verb);
    case '':
      return new CelError('unexpected end of string');
    default:
      return new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}
const wrong = (clause: string, kinds: string, value: Value): CelError =>
  new CelError(`error during formatting: ${clause} clause can only be used on ${kinds}, was given ${typeName(value)}`);

/** Values within values are printed to this depth: no recursion beyond it. */
const DEPTH_MAX = 64;
function textOf(value: Value, depth: number): string | CelError {
  if (depth > DEPTH_MAX) return new CelError('the value nests too deeply');
  if (value === null) return 'null';
  if (typeof value === 'string') return depth === 0 ? value : goQuote(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? doubleText(value) : nonFinite(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return timestampText(value.nanos);
  if (value instanceof Duration) return durationText(value.nanos);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof CelList) return joined(value.items, depth, '[]');
  if (value instanceof CelMap) return mapText(value, depth);
  return wrong('string', 'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps', value);
}
function joined(items: readonly Value[], depth: number, [open = '', close = '']: string): string | CelError {
  const parts: string[] = [];
  let length = 0;
  for (const item of items) {
    const text = textOf(item, depth + 1);
    if (text instanceof CelError) return text;
    parts.push(text);
    if ((length += text.length) > FORMATTED_MAX) return new CelError('the result is too large');
  }
  return open + parts.join(', ') + close;
}
/** Entries in the order of their keys' texts. */
function mapText(map: CelMap, depth: number): string | CelError {
  const entries: [string, string][] = [];
  let length = 0;
  for (const key of map.keys) {
    const [name, text] = [textOf(key, depth + 1), textOf(map.get(key) ?? null, depth + 1)];
    if (name instanceof CelError) return name;
    if (text instanceof CelError) return text;
    entries.push([name, text]);
    if ((length += name.length + text.length) > FORMATTED_MAX) return new CelError('the result is too large');
  }
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([name, text]) => `${name}:${text}`).join(', ')}}`;
}
function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function decimal(value: Value): string | CelError {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint) return String(value.value);
  if (typeof value === 'number' && !Number.isFinite(value)) return nonFinite(value);
  return wrong('decimal', 'integers', value);
}
function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  return undefined;
}
function fixed(value: Value, precision: number): string | CelError {
  const number = numberOf(value);
  if (number === undefined) return wrong('fixed-point', 'doubles', value);
  if (!Number.isFinite(number)) return nonFinite(number);
  return exactFixed(number, precision);
}
/** JavaScript knows 100 decimals; what follows is zero for numbers of that size. */
function exactFixed(number: number, precision: number): string {
  if (Math.abs(number) >= 1e21) {
    const whole = BigInt(number);
    return grouped(precision === 0 ? String(whole) : `${whole}.${'0'.repeat(precision)}`);
  }
  const text = grouped(toEven(number, Math.min(precision, 100)));
  return precision > 100 ? text + '0'.repeat(precision - 100) : text;
}
/** Rounds what lies exactly in the middle to the even neighbour; `toFixed` rounds it up. */
function toEven(number: number, precision: number): string {
  const text = number.toFixed(precision);
  if (precision >= 100) return text;
  const [, whole = '', rest = ''] = /^(.*\.\d*?)(50*)$/.exec(number.toFixed(100)) ?? [];
  const isMiddle = rest !== '' && whole.length - whole.indexOf('.') - 1 === precision;
  if (!isMiddle) return text;
  const down = precision === 0 ? whole.slice(0, -1) : whole;
  return /[02468]\.?$/.test(whole) ? down : text;
}
function grouped(text: string): string {
  return text.replace(/\d+/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, ','));
}
function scientific(value: Value, precision: number): string | CelError {
  const number = numberOf(value);
  if (number === undefined) return wrong('scientific', 'doubles', value);
  if (!Number.isFinite(number)) return nonFinite(number);
  const [digits = '', exponent = ''] = number.toExponential(Math.min(precision, 100)).split('e');
  const raised = exponent
    .slice(1)
    .padStart(2, '0')
    .replace(/\d/g, (digit) => SUPERSCRIPT[Number(digit)] ?? '');
  return `${digits}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`;
}
/** Kubernetes formats by the rules of a place, English, where exponents are raised and thousands set apart. */
const SUPERSCRIPT = [...'⁰¹²³⁴⁵⁶⁷⁸⁹'];
function binary(value: Value): string | CelError {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'bigint') return value.toString(2);
  if (value instanceof Uint) return value.value.toString(2);
  return wrong('binary', 'integers and bools', value);
}
function inBase(value: Value, verb: 'x' | 'X' | 'o'): string | CelError {
  const cased = (text: string): string => (verb === 'X' ? text.toUpperCase() : text);
  const integer = typeof value === 'bigint' ? value : value instanceof Uint ? value.value : undefined;
  if (integer !== undefined) return cased(integer.toString(verb === 'o' ? 8 : 16));
  if (verb === 'o') return wrong('octal', 'integers', value);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (!(bytes instanceof Uint8Array)) return wrong('hex', 'integers, byte buffers, and strings', value);
  return cased(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''));
}
