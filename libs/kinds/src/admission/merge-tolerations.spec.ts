import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Toleration } from '#pod';
import { mergeTolerations } from './merge-tolerations.js';

/** Whether all that `one` tolerates `wide` tolerates, at least as long. */
function covers(wide: Toleration, one: Toleration): boolean {
  if (wide.key !== one.key && !(wide.key === '' && wide.operator === 'Exists')) return false;
  if (wide.effect !== '' && wide.effect !== one.effect) return false;
  if (wide.tolerationSeconds !== undefined && (one.tolerationSeconds ?? Infinity) > wide.tolerationSeconds)
    return false;
  return wide.operator === 'Exists' || (one.operator === 'Equal' && wide.value === one.value);
}
const isEqual = (a: Toleration, b: Toleration): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Tolerations that validation accepts. */
const toleration = fc
  .record({
    key: fc.constantFrom('', 'a', 'b'),
    operator: fc.constantFrom('', 'Equal', 'Exists'),
    value: fc.constantFrom('', 'v'),
    effect: fc.constantFrom('', 'NoSchedule', 'NoExecute'),
    tolerationSeconds: fc.option(fc.constantFrom(0, 5), { nil: undefined }),
  })
  .map(({ key, operator, value, effect, tolerationSeconds }): Toleration => ({
    ...{ key, effect, operator: key === '' ? 'Exists' : operator },
    value: key === '' || operator === 'Exists' ? '' : value,
    ...(effect === 'NoExecute' && tolerationSeconds !== undefined && { tolerationSeconds }),
  }));

describe('merging tolerations', () => {
  it('keeps, in order, the first of each that no other covers', () => {
    fc.assert(
      fc.property(fc.array(toleration, { maxLength: 8 }), fc.array(toleration, { maxLength: 8 }), (first, second) => {
        const all = [...first, ...second];
        const expected = all.filter(
          (one, i) => !all.some((other, j) => (isEqual(one, other) ? j < i : covers(other, one))),
        );
        expect(mergeTolerations(first, second)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('costs no more than their number', () => {
    const many = Array.from({ length: 50_000 }, (_, i): Toleration => ({ key: 'k', operator: 'Equal', value: `${i}` }));
    expect(mergeTolerations(many, many)).toHaveLength(many.length);
  });
});
