import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  quantityMilliValue,
  quantityOf,
  quantityText,
  quantityValue,
  subtractQuantities,
} from './quantity.js';

describe('quantities', () => {
  it.each([
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['5000', '5k'],
    ['1000m', '1'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['1500e-3', '1500e-3'],
    ['100Ki', '100Ki'],
    ['1000Ki', '1000Ki'],
    ['0', '0'],
    ['-1', '-1'],
    ['.5', '500m'],
    ['12E', '12E'],
    ['1.2345678901', '1234567891n'],
    ['99999999999999999999', '99999999999999999999'],
    ['9999999Ei', '9223372036854775807'],
    // What looks canonical by its digits is written as it came, sign, zeros and point included.
    ['+5', '+5'],
    ['007', '007'],
    ['1.500', '1.500'],
    ['1.E', '1.E'],
    ['1E3', '1E3'],
    ['0.5Gi', '512Mi'],
    ['.500k', '500'],
    ['M', '0'],
    ['-', '0'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  it('refuses what is no quantity', () => {
    for (const text of ['', '1Gix', 'x', '1 Gi', '--1']) expect(parseQuantity(text).ok).toBe(false);
    expect(parseQuantity('100mx')).toEqual({
      ok: false,
      message: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    });
  });

  it('refuses units of nothing where it would have to compute', () => {
    for (const text of ['Ei', '-.Pi', 'e-10']) {
      expect(parseQuantity(text)).toEqual({ ok: false, message: 'unable to parse numeric part of quantity' });
    }
  });

  it('rounds values up', () => {
    expect(quantityValue(quantityOf('1500m'))).toBe(2);
    expect(quantityMilliValue(quantityOf('1u'))).toBe(1);
    expect(quantityValue(quantityOf('64Mi'))).toBe(67108864);
  });

  it('keeps the first side in a sum, unless that is zero', () => {
    expect(quantityText(addQuantities(quantityOf('1Gi'), quantityOf('1M')))).toBe('1074741824');
    expect(quantityText(addQuantities(quantityOf('0'), quantityOf('1Gi')))).toBe('1Gi');
    expect(quantityText(subtractQuantities(quantityOf('1'), quantityOf('250m')))).toBe('750m');
  });

  it('is stable and keeps order', () => {
    const text = fc
      .tuple(fc.integer({ min: -99999, max: 99999 }), fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e2'))
      .map(([number, suffix]) => `${number}${suffix}`);
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(canonicalQuantity(canonicalQuantity(a))).toBe(canonicalQuantity(a));
        expect(quantityOf(canonicalQuantity(a)).nanos).toBe(quantityOf(a).nanos);
        const difference = subtractQuantities(quantityOf(a), quantityOf(b)).nanos;
        expect(Math.sign(Number(difference))).toBe(compareQuantities(quantityOf(a), quantityOf(b)));
      }),
    );
  });
});
