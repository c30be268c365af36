import { describe, expect, test } from '@jest/globals';
import { RecordedOutside } from './outside.js';

describe('facts that are not in the log', () => {
  const facts = { since: 5, heartbeats: (node: string) => (node === 'n' ? 7 : undefined), steps: [1], unread: true };

  test('are recorded when they are read, and only then', () => {
    const outside = new RecordedOutside(facts);
    expect(outside.recorded).toBeUndefined();
    expect([outside.fact('since'), outside.factOf('heartbeats', 'n')]).toEqual([5, 7]);
    expect([outside.fact('missing'), outside.factOf('heartbeats', 'other'), outside.fact('toString')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(outside.recorded).toEqual({ since: 5, heartbeats: { n: 7 } });
  });
  test('answer the same again from what was recorded', () => {
    const first = new RecordedOutside(facts);
    const look = (outside: RecordedOutside): unknown => [
      outside.fact('since'),
      outside.factOf('heartbeats', 'n'),
      outside.factOf('heartbeats', '__proto__'),
      outside.digest('sum', (all) => Number(all.fact('since')) + Number(all.factOf('heartbeats', 'n'))),
    ];
    const seen = look(first);
    expect(seen).toEqual([5, 7, undefined, 12]);
    const again = new RecordedOutside(first.recorded ?? {});
    expect(look(again)).toEqual(seen);
    expect(again.recorded).toEqual(first.recorded);
  });
  test('that only a digest was made from are not recorded one by one', () => {
    const outside = new RecordedOutside(facts);
    outside.digest('sum', (all) => Number(all.factOf('heartbeats', 'n')));
    expect(outside.recorded).toEqual({ sum: 7 });
  });
  test('keep a name that is special to JavaScript', () => {
    const outside = new RecordedOutside({ heartbeats: () => 1 });
    outside.factOf('heartbeats', '__proto__');
    expect(JSON.stringify(outside.recorded)).toBe('{"heartbeats":{"__proto__":1}}');
  });
});
