/** How Go prints and parses: these texts are part of what Kubernetes' users see. */

import { goQuote } from '#std';

export type Parsed<T> = { readonly value: T } | { readonly error: string };

/** `strconv.ParseInt(text, 10, 64)`. Values beyond 2^53 lose their last digits, which nothing here needs. */
export function parseInt64(text: string): Parsed<number> {
  if (!/^[+-]?\d+$/.test(text)) return { error: `strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax` };
  const value = text.length > DIGITS_MAX ? beyond(text) : BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (value === undefined || value > 9223372036854775807n || value < -9223372036854775808n) {
    return { error: `strconv.ParseInt: parsing ${goQuote(text)}: value out of range` };
  }
  return { value: Number(value) };
}

/** `strconv.ParseUint(text, 10, 64)`, for resource versions. */
export function parseUint64(text: string): Parsed<number> {
  if (!/^\d+$/.test(text)) return { error: `strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax` };
  const value = text.length > DIGITS_MAX ? beyond(text) : BigInt(text);
  if (value === undefined || value > 18446744073709551615n)
    return { error: `strconv.ParseUint: parsing ${goQuote(text)}: value out of range` };
  return { value: Number(value) };
}

/** A text of more digits than any 64 bits have is only converted without its leading zeros. */
const DIGITS_MAX = 24;
function beyond(text: string): bigint | undefined {
  let start = /^[+-]/.test(text) ? 1 : 0;
  while (text.charAt(start) === '0') start++;
  const digits = text.slice(start);
  if (digits.length > DIGITS_MAX) return undefined;
  return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
/** Go counts nanoseconds in 64 bits: 292 years. */
const DURATION_MAX_MS = 2 ** 63 / 1e6;

/** `time.ParseDuration`, in milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  const invalid = (): Parsed<number> => ({ error: `time: invalid duration ${goQuote(text)}` });
  let at = /^[+-]/.test(text) ? 1 : 0;
  const sign = text.startsWith('-') ? -1 : 1;
  if (text.length === at || text.length > DURATION_CHARACTERS_MAX) return invalid();
  if (text.length === at + 1 && text.endsWith('0')) return { value: 0 };
  let total = 0;
  while (at < text.length) {
    const [number] = matchAt(DURATION_NUMBER, text, at) ?? [];
    if (number === undefined) return invalid();
    at += number.length;
    const [unit] = matchAt(DURATION_UNIT, text, at) ?? [];
    if (unit === undefined) return { error: `time: missing unit in duration ${goQuote(text)}` };
    const factor = UNITS.get(unit);
    if (factor === undefined) return { error: `time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}` };
    total += Number(number) * factor;
    at += unit.length;
  }
  if (total >= DURATION_MAX_MS) return invalid();
  return { value: sign * total };
}
/** Go has no such limit, but no use for a longer one either. */
const DURATION_CHARACTERS_MAX = 4096;
const DURATION_NUMBER = /\d+(?:\.\d*)?|\.\d+/y;
const DURATION_UNIT = /[^.\d]+/y;
function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
