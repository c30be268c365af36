import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Backend } from '#model';
import { nameOf, plainSlots, stickySlots } from './slots.js';

const backends = (...names: readonly number[]): readonly Backend[] =>
  names.map((n) => ({ address: `10.244.0.${n}`, port: 80, isLocal: false }));
const named = (slots: readonly Backend[]): readonly string[] => slots.map(({ address }) => address.slice(9));
const sets = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 9 }), { maxLength: 12 });

describe('slots of backends', () => {
  test('change where backends change', () => {
    const three = plainSlots([], backends(1, 2, 3));
    expect(named(three)).toEqual(['1', '2', '3']);
    expect(named(plainSlots(three, backends(1, 3)))).toEqual(['1', '3']);
    expect(named(plainSlots(three, backends(2, 3)))).toEqual(['3', '2']);
    expect(named(plainSlots(three, backends(1, 3, 4)))).toEqual(['1', '4', '3']);
    expect(named(plainSlots(three, backends(1, 2, 3, 4)))).toEqual(['1', '2', '3', '4']);
    expect(plainSlots(three, [])).toEqual([]);
  });
  test('are exactly the backends, each once, whatever was before', () => {
    fc.assert(
      fc.property(sets, (all) => {
        let slots: readonly Backend[] = [];
        for (const names of all) {
          slots = plainSlots(slots, backends(...names));
          expect([...named(slots)].sort()).toEqual(names.map(String).sort());
        }
      }),
    );
  });
});

describe('slots of a frontend with affinity', () => {
  test('give the slot of a backend that went to another', () => {
    expect(named(stickySlots(backends(1, 2, 3), backends(1, 3)))).toEqual(['1', '1', '3']);
    expect(named(stickySlots(backends(1, 2, 3), backends(1, 3, 4)))).toEqual(['1', '4', '3']);
    expect(stickySlots(backends(1, 2), [])).toEqual([]);
  });
  test('never take a slot from a backend that stays, and leave none out', () => {
    fc.assert(
      fc.property(sets, (all) => {
        let slots: readonly Backend[] = [];
        for (const names of all) {
          const before = slots;
          slots = stickySlots(before, backends(...names));
          expect([...new Set(named(slots))].sort()).toEqual(names.map(String).sort());
          if (names.length === 0) continue;
          for (const [i, backend] of before.entries())
            if (names.includes(Number(backend.address.slice(9))))
              expect(slots[i] && nameOf(slots[i])).toBe(nameOf(backend));
        }
      }),
    );
  });
});
