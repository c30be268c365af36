const NANOS = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: NANOS,
  m: 60n * NANOS,
  h: 3600n * NANOS,
};

/** Nanoseconds of `1h30m` as Go reads it; undefined for what is none. */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > 256) return undefined;
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (!match) return undefined;
  const [, sign = '', body = ''] = match;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of body.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = UNITS[unit] ?? 0n;
    nanos += BigInt(whole || '0') * size;
    if (fraction !== '') nanos += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  const signed = sign === '-' ? -nanos : nanos;
  return signed < -(2n ** 63n) || signed >= 2n ** 63n ? undefined : signed;
}

/** Seconds with their fraction: `5400s`, as CEL prints durations. */
export function durationText(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  return `${sign}${size / NANOS}${fractionText(size % NANOS)}s`;
}
function fractionText(nanos: bigint): string {
  return nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Nanoseconds since 1970 of an RFC 3339 time; undefined for what is none. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = text.length > 64 ? null : TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', sign, hours, minutes] =
    match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isDate = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!isDate || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(hours ?? 0) > 23 || Number(minutes ?? 0) > 59) return undefined;
  const offset = BigInt(Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60n * (sign === '-' ? -1n : 1n);
  const seconds = BigInt(date.getTime() / 1000) + BigInt(Number(hour) * 3600 + Number(minute) * 60 + Number(second));
  return (seconds - offset) * NANOS + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
export function timestampText(nanos: bigint): string {
  const { date, rest } = splitTimestamp(nanos, 0);
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  return `${year}${date.toISOString().replace(/^[+-]?\d+(-\d\d-\d\dT\d\d:\d\d:\d\d).*$/, '$1')}${fractionText(rest)}Z`;
}

/** The date in a zone that is so many minutes east, and the nanoseconds within its second. */
export function splitTimestamp(nanos: bigint, offsetMinutes: number): { readonly date: Date; readonly rest: bigint } {
  const rest = ((nanos % NANOS) + NANOS) % NANOS;
  const seconds = (nanos - rest) / NANOS;
  return { date: new Date(Number(seconds) * 1000 + offsetMinutes * 60_000), rest };
}
