import type { Parsed } from './go-time.js';

/**
 * A quantity in the one form that is stored: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`. The suffix family of the
 * writer is kept; fractions below a nano are rounded away from zero.
 */
export function canonicalQuantity(text: string): Parsed {
  const known = plain.exec(text);
  if (known !== null) return { text };
  const match = /^([+-]?)([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (match === null) return { error: FORMAT };
  const digits = match[2] ?? '';
  if (!/^(\d+\.?\d*|\.\d+)$/.test(digits)) return { error: FORMAT };
  const scale = scaleOf(match[3] ?? '');
  if (scale === undefined) return { error: "unable to parse quantity's suffix" };
  const nanos = toNanos(digits, scale);
  const body = nanos === 0n ? '0' : formatted(nanos, scale.family);
  return { text: match[1] === '-' && nanos !== 0n ? `-${body}` : body };
}

const FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
/** What most objects hold and what is canonical already: `0`, `1`…`999` with a decimal suffix or none. */
const plain = /^(0|[1-9]\d{0,2}[mkMGTPE]?)$/;

type Family = 'decimal' | 'binary' | 'exponent';
interface Scale {
  readonly family: Family;
  readonly base: bigint;
  readonly power: number;
}
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const LARGEST = (2n ** 63n - 1n) * 10n ** 9n;

function scaleOf(suffix: string): Scale | undefined {
  const decimal = DECIMAL[suffix];
  if (decimal !== undefined) return { family: 'decimal', base: 10n, power: decimal };
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { family: 'binary', base: 1024n, power: binary };
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix)?.[1];
  return exponent === undefined ? undefined : { family: 'exponent', base: 10n, power: Number(exponent) };
}

function toNanos(digits: string, scale: Scale): bigint {
  const [whole = '', fraction = ''] = digits.split('.');
  const unscaled = BigInt(whole + fraction || '0');
  // An exponent without end would cost memory for nothing: everything past the largest quantity is the largest.
  const power = Math.max(-400, Math.min(400, scale.power));
  const numerator = unscaled * 10n ** 9n * (power > 0 ? scale.base ** BigInt(power) : 1n);
  const denominator = 10n ** BigInt(fraction.length) * (power < 0 ? scale.base ** BigInt(-power) : 1n);
  const nanos = (numerator + denominator - 1n) / denominator;
  return nanos > LARGEST ? LARGEST : nanos;
}

function formatted(nanos: bigint, family: Family): string {
  const one = 10n ** 9n;
  if (family === 'binary' && nanos >= 1024n * one) {
    let whole = (nanos + one - 1n) / one;
    let step = 0;
    while (step < BINARY.length - 1 && whole % 1024n === 0n) {
      whole /= 1024n;
      step++;
    }
    return `${whole}${BINARY[step] ?? ''}`;
  }
  let mantissa = nanos;
  let exponent = -9;
  while (exponent < 18 && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (family === 'exponent') return exponent === 0 ? String(mantissa) : `${mantissa}e${exponent}`;
  return `${mantissa}${Object.keys(DECIMAL).find((suffix) => DECIMAL[suffix] === exponent) ?? ''}`;
}
