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
