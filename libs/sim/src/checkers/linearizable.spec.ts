import { describe, expect, it } from '@jest/globals';
import { prng } from '#std';
import { linearizable, type Operation } from './linearizable.js';
import { register, type RegisterOperation } from './register.js';

type Row = readonly [calledAt: number, answeredAt: number | undefined, what: RegisterOperation];
const verdict = (...rows: readonly Row[]): string =>
  linearizable(
    rows.map(([calledAt, answeredAt, what]) => ({ calledAt, answeredAt, what })),
    register,
  ).is;
const create = (value: string, outcome: 'done' | 'exists' | 'unknown' = 'done'): RegisterOperation => ({
  is: 'create',
  value,
  outcome,
});
type WriteOutcome = Extract<RegisterOperation, { is: 'write' }>['outcome'];
const write = (value: string, outcome: WriteOutcome = 'done', expects?: string): RegisterOperation => ({
  is: 'write',
  value,
  outcome,
  ...(expects !== undefined && { expects }),
});
const remove = (outcome: 'done' | 'absent' | 'unknown' = 'done'): RegisterOperation => ({ is: 'delete', outcome });
const read = (saw?: string): RegisterOperation => ({ is: 'read', saw });
const YES = 'linearizable';
const NO = 'not linearizable';

describe('a history is linearizable', () => {
  it('when nothing happened, and when all happened one after the other', () => {
    expect(verdict()).toBe(YES);
    expect(verdict([1, 2, read()], [3, 4, create('a')], [5, 6, read('a')], [7, 8, remove()], [9, 10, read()])).toBe(
      YES,
    );
  });
  it('when reads beside a write see it or do not', () => {
    expect(verdict([1, 2, create('a')], [3, 8, write('b')], [4, 5, read('a')], [6, 7, read('b')])).toBe(YES);
  });
  it('when a write that nobody answered took effect much later, or never', () => {
    const before: readonly Row[] = [
      [1, 2, create('a')],
      [3, undefined, write('b', 'unknown')],
    ];
    expect(verdict(...before, [4, 5, read('a')], [6, 7, read('b')])).toBe(YES);
    expect(verdict(...before, [4, 5, read('a')], [6, 7, read('a')])).toBe(YES);
  });
  it('when a condition was refused while another value was there', () => {
    expect(verdict([1, 2, create('a')], [3, 6, write('b')], [4, 5, write('c', 'conflict', 'a')])).toBe(YES);
  });
});

describe('a history is not linearizable', () => {
  it('when a read does not see a write that was acknowledged before it', () => {
    expect(verdict([1, 2, create('a')], [3, 4, write('b')], [5, 6, read('a')])).toBe(NO);
    expect(verdict([1, 2, create('a')], [3, 4, read()])).toBe(NO);
  });
  it('when a value that was seen is gone again without a write', () => {
    expect(verdict([1, 2, create('a')], [3, 8, write('b')], [4, 5, read('b')], [6, 7, read('a')])).toBe(NO);
  });
  it('when one name was created twice', () => {
    expect(verdict([1, 2, create('a')], [3, 4, create('b')])).toBe(NO);
    expect(verdict([1, 4, create('a')], [2, 3, create('b')])).toBe(NO);
  });
  it('when something was said to be unchanged that had changed', () => {
    expect(verdict([1, 2, create('a')], [3, 4, write('b')], [5, 6, write('a', 'unchanged')])).toBe(NO);
  });
  it('when two conditional writes on one version were both taken', () => {
    const start: Row = [1, 2, create('a')];
    expect(verdict(start, [3, 6, write('b', 'done', 'a')], [4, 5, write('c', 'done', 'a')])).toBe(NO);
  });
  it('when a condition was refused that held', () => {
    expect(verdict([1, 2, create('a')], [3, 4, write('b', 'conflict', 'a')])).toBe(NO);
  });
  it('when there was nothing, although there was', () => {
    expect(verdict([1, 2, create('a')], [3, 4, remove('absent')])).toBe(NO);
    expect(verdict([1, 2, create('a')], [3, 4, remove()], [5, 6, create('b', 'exists')])).toBe(NO);
  });
  it('but is undecided when the search for that takes too long', () => {
    const unknown = Array.from({ length: 12 }, (_, i) => ({
      calledAt: i,
      answeredAt: undefined,
      what: write(`${i}`, 'unknown'),
    }));
    const first = { calledAt: -2, answeredAt: -1, what: create('a') };
    const last = { calledAt: 20, answeredAt: 21, what: read('never') };
    const operations = [first, ...unknown, last];
    expect(linearizable(operations, register, { statesMax: 100 }).is).toBe('undecided');
    expect(linearizable(operations, register).is).toBe(NO);
  });
  it('and says which operations have no place', () => {
    const rows: readonly Row[] = [
      [1, 2, create('a')],
      [3, 4, write('b')],
      [5, 6, read('a')],
    ];
    const operations = rows.map(([calledAt, answeredAt, what]) => ({ calledAt, answeredAt, what }));
    const found = linearizable(operations, register);
    expect(found).toEqual({ is: NO, reached: 2, stuck: [operations[2]] });
  });
});

describe('histories drawn from a register', () => {
  /** Operations of four clients at once, each of which takes effect at a moment between its call and its answer. */
  function drawn(seed: number, count: number): Operation<RegisterOperation>[] {
    const chance = prng(seed);
    let value: string | undefined;
    const moments = Array.from({ length: count }, (_, i) => ({ i, at: i * 10 + chance.next() * 5 }));
    return moments.map(({ i, at }) => {
      const calledAt = at - chance.next() * 25;
      const answeredAt = chance.chance(0.1) ? undefined : at + chance.next() * 25;
      const kind = chance.below(4);
      const known = answeredAt !== undefined;
      let what: RegisterOperation;
      if (kind === 0) {
        what = create(`${i}`, known ? (value === undefined ? 'done' : 'exists') : 'unknown');
        value ??= `${i}`;
      } else if (kind === 1) {
        what = remove(known ? (value === undefined ? 'absent' : 'done') : 'unknown');
        value = undefined;
      } else if (kind === 2) {
        what = write(`${i}`, known ? (value === undefined ? 'absent' : 'done') : 'unknown');
        if (value !== undefined) value = `${i}`;
      } else what = read(value);
      return { calledAt, answeredAt: what.is === 'read' ? (answeredAt ?? at + 25) : answeredAt, what };
    });
  }
  it.each([1, 2, 3, 4, 5])(
    'are linearizable (seed %i), and are not with one read of a value that was never there',
    (seed) => {
      const operations = drawn(seed, 300);
      expect(linearizable(operations, register).is).toBe(YES);
      const index = operations.findIndex(({ what }, i) => i > 100 && what.is === 'read');
      const wrong = operations.map((one, i) => (i === index ? { ...one, what: read('never') } : one));
      expect(linearizable(wrong, register).is).toBe(NO);
    },
  );
});
