const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as a plain number: exact enough for a node's arithmetic. Undefined when there is none. */
export function amountOf(quantity: string | number | undefined): number | undefined {
  if (quantity === undefined) return undefined;
  const match = /^([+-]?[0-9.]+)(?:([eE][+-]?\d+)|([A-Za-z]*))$/.exec(String(quantity));
  if (!match) return undefined;
  const factor = match[2] ? Number(`1${match[2]}`) : SUFFIXES[match[3] ?? ''];
  return factor === undefined ? undefined : Number(match[1]) * factor;
}
/** In thousandths, as cpu is counted. */
export function milliOf(quantity: string | number | undefined): number | undefined {
  const amount = amountOf(quantity);
  return amount === undefined ? undefined : Math.ceil(amount * 1000 - 1e-6);
}
/** In whole units of the divisor, rounded up. */
export function dividedBy(amount: number, divisor: string | undefined): number {
  const unit = amountOf(divisor && divisor !== '0' ? divisor : '1') ?? 1;
  return Math.ceil(amount / unit - 1e-9);
}
