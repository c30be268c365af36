import { describe, expect, it } from '@jest/globals';
import { bytesOf, bytesReplaced } from './held-bytes.js';

const map = (count: number, value = 'v'.repeat(100)): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));

describe('the bytes that a value takes', () => {
  it('are about those of its text', () => {
    const object = { metadata: { name: 'a', labels: map(10) }, list: [1, true, null, 'text'], data: map(1000) };
    const text = JSON.stringify(object).length;
    expect(bytesOf(object)).toBeGreaterThan(text * 0.8);
    expect(bytesOf(object)).toBeLessThan(text * 1.2);
  });

  it('are only those of what another version does not share', () => {
    const data = map(1000);
    const before = { metadata: { name: 'a', labels: { a: 'b' } }, data };
    const after = { metadata: { name: 'a', labels: { a: 'c' } }, data };
    expect(bytesReplaced(before, after)).toBeLessThan(200);
    expect(bytesReplaced(before, { ...after, data: map(1000, 'w') })).toBeGreaterThan(100_000 * 0.08);
    expect(bytesReplaced(before, { ...after, data: map(1000, 'w'.repeat(100)) })).toBeGreaterThan(100_000);
    expect(bytesReplaced(before, undefined)).toBe(bytesOf(before));
    expect(bytesReplaced(undefined, before)).toBe(0);
    expect(bytesReplaced(before, before)).toBe(0);
  });
});
