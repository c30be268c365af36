import { goQuote } from './go-quote.js';

/** `1h2m3.5s`, as Go prints a duration that is given in nanoseconds. */
export function goDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const total = nanos < 0n ? -nanos : nanos;
  if (total < 1_000_000_000n) return sign + smallDuration(total);
  const seconds = total / 1_000_000_000n;
  const fraction = String(total % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const hours = seconds / 3600n;
  const minutes = (seconds / 60n) % 60n;
  const lead = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : '';
  return `${sign}${lead}${seconds % 60n}${fraction === '' ? '' : `.${fraction}`}s`;
}
function smallDuration(nanos: bigint): string {
  if (nanos < 1000n) return `${nanos}ns`;
  return nanos < 1_000_000n ? `${Number(nanos) / 1000}µs` : `${Number(nanos) / 1_000_000}ms`;
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

type ParsedDuration = { readonly value: number } | { readonly error: string };
/** `time.ParseDuration`, in milliseconds. */
export function parseDuration(text: string): ParsedDuration {
  const invalid = (): ParsedDuration => ({ error: `time: invalid duration ${goQuote(text)}` });
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
