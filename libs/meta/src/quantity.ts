import { parsed, unparsed, type Parsed } from './problem.js';

/** How a quantity likes to be written: `1k`, `1Ki` or `1e3`. */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent';

/** An exact amount in thousand-millionths of its unit: Kubernetes keeps no smaller part. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** As it was written, where Kubernetes takes that for canonical though a sign, zeros or a point could be left out. */
  readonly text?: string;
}

export const ZERO_QUANTITY: Quantity = { nanos: 0n, format: 'decimal' };

const NANO = 1_000_000_000n;
const INT64_MAX = 2n ** 63n - 1n;
const DECIMAL: readonly (readonly [string, number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
];
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalExponents: ReadonlyMap<string, number> = new Map(DECIMAL);
const decimalSuffixes: ReadonlyMap<number, string> = new Map(DECIMAL.map(([suffix, exponent]) => [exponent, suffix]));

const FORM = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_SUFFIX = "unable to parse quantity's suffix";
const NO_NUMBER = 'unable to parse numeric part of quantity';

/** Longer texts are no quantities: arithmetic on millions of digits takes minutes, and what was read is remembered. */
const TEXT_MAX = 1024;

const known = new Map<string, Parsed<Quantity>>();
const KNOWN_MAX = 8192;
const KNOWN_TEXT_MAX = 64;

/** Reads `100m`, `1.5Gi`, `1e3`. Texts repeat endlessly in a cluster, so what was read once is remembered. */
export function parseQuantity(text: string): Parsed<Quantity> {
  let quantity = known.get(text);
  if (quantity === undefined) {
    quantity = read(text);
    if (text.length > KNOWN_TEXT_MAX) return quantity;
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, quantity);
  }
  return quantity;
}

/** The quantity of a text, or zero when it is none (or absent): for objects that were validated when they came in. */
export function quantityOf(text: string | number | undefined | null): Quantity {
  if (text === undefined || text === null) return ZERO_QUANTITY;
  const quantity = parseQuantity(String(text));
  return quantity.ok ? quantity.value : ZERO_QUANTITY;
}

function read(text: string): Parsed<Quantity> {
  const match = text === '' || text.length > TEXT_MAX ? null : FORM.exec(text);
  if (match === null) return unparsed(WRONG_FORM);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  const scale = scaleOf(suffix);
  if (scale === undefined) return unparsed(WRONG_SUFFIX);
  const digits = (whole.replace(/^0+/, '') || '0') + fraction;
  const handy = isHandy(digits, fraction.length, scale);
  // Without any digit an amount is none of its unit, `M` is 0, as long as it is handy.
  if (!handy && whole === '' && fraction === '') return unparsed(NO_NUMBER);
  let nanos = scaled(BigInt(digits), scale, fraction.length);
  // Only amounts in powers of 1024 stop at what 64 bits hold.
  if (scale.format === 'binary' && nanos > INT64_MAX * NANO) nanos = INT64_MAX * NANO;
  const small = scale.format === 'binary' && nanos > 0n && nanos < NANO;
  const kept = handy && looksCanonical(digits, fraction.length, scale) ? { text } : {};
  return parsed({ nanos: sign === '-' ? -nanos : nanos, format: small ? 'decimal' : scale.format, ...kept });
}

/** Amounts that Kubernetes computes in 64 bits, judging by the number of their digits. */
function isHandy(digits: string, decimals: number, { format, exponent }: Scale): boolean {
  if (format === 'binary') return decimals === 0 && digits.length + Math.trunc((exponent * 3) / 10) <= 14;
  return digits.length <= 18 && exponent - decimals >= -9;
}
/** Handy amounts that Kubernetes writes back as they came: again it looks at their digits only. */
function looksCanonical(digits: string, decimals: number, { format, exponent }: Scale): boolean {
  if (format === 'binary') return BigInt(digits) % 8n !== 0n;
  return (exponent - decimals) % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

interface Scale {
  readonly format: QuantityFormat;
  readonly exponent: number;
}
function scaleOf(suffix: string): Scale | undefined {
  const decimal = decimalExponents.get(suffix);
  if (decimal !== undefined) return { format: 'decimal', exponent: decimal };
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { format: 'binary', exponent: binary * 10 };
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) return undefined;
  const exponent = Number(suffix.slice(1));
  return Math.abs(exponent) < 1000 ? { format: 'exponent', exponent } : undefined;
}

/** digits × base^exponent ÷ 10^decimals, in nanos, rounded away from zero. */
function scaled(digits: bigint, scale: Scale, decimals: number): bigint {
  if (scale.format === 'binary') return dividedUp((digits * NANO) << BigInt(scale.exponent), 10n ** BigInt(decimals));
  const power = 9 + scale.exponent - decimals;
  return power >= 0 ? digits * 10n ** BigInt(power) : dividedUp(digits, 10n ** BigInt(-power));
}
function dividedUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  if (value % by === 0n) return quotient;
  return value > 0n ? quotient + 1n : quotient - 1n;
}

/** The one way to write a quantity, exactly as Kubernetes prints it back. */
export function quantityText(quantity: Quantity): string {
  const { nanos, format, text } = quantity;
  if (text !== undefined) return text;
  if (nanos === 0n) return '0';
  if (format === 'binary') {
    // Small and broken amounts would lose digits in powers of 1024: they are written in powers of ten.
    const small = nanos > -1024n * NANO && nanos < 1024n * NANO;
    if (!small && nanos % NANO === 0n) return binaryText(nanos / NANO);
    return decimalText(nanos, 'decimal');
  }
  return decimalText(nanos, format);
}
function binaryText(value: bigint): string {
  let number = value;
  let power = 0;
  while (number % 1024n === 0n && power < BINARY.length - 1) {
    number /= 1024n;
    power++;
  }
  return `${number}${BINARY[power] ?? ''}`;
}
function decimalText(nanos: bigint, format: 'decimal' | 'exponent'): string {
  let number = nanos;
  let exponent = -9;
  const exponentMax = format === 'decimal' ? 18 : Number.MAX_SAFE_INTEGER;
  while (number % 1000n === 0n && exponent < exponentMax) {
    number /= 1000n;
    exponent += 3;
  }
  if (exponent === 0) return String(number);
  return format === 'exponent' ? `${number}e${exponent}` : `${number}${decimalSuffixes.get(exponent) ?? ''}`;
}

/** A text's canonical form; a text that is no quantity comes back as it is. */
export function canonicalQuantity(text: string | number): string {
  const quantity = parseQuantity(String(text));
  return quantity.ok ? quantityText(quantity.value) : String(text);
}

export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: formatOf(a, b) };
}
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: formatOf(a, b) };
}
function formatOf(a: Quantity, b: Quantity): QuantityFormat {
  return a.nanos === 0n ? b.format : a.format;
}
export function maxQuantity(a: Quantity, b: Quantity): Quantity {
  return a.nanos >= b.nanos ? a : b;
}

/** Whole units, rounded up: bytes of memory, cores of a cpu. */
export function quantityValue(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, NANO));
}
/** Thousandths, rounded up: millicores. */
export function quantityMilliValue(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, 1_000_000n));
}
