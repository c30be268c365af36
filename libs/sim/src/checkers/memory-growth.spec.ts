import { describe, expect, it } from '@jest/globals';
import { collectionSizes, growing } from './memory-growth.js';

describe('the growth of memory', () => {
  it('is seen in each collection, wherever it hangs', () => {
    const known = new Map<string, { readonly list: number[] }>();
    const root = { inner: { known }, apart: { members: new Set([1]) } };
    const moments = [10, 20, 30].map((size) => {
      known.clear();
      for (let i = 0; i < size; i++) known.set(String(i), { list: [1, 2] });
      return collectionSizes({ root }, [root.apart]);
    });
    expect([...(moments[2] ?? [])]).toEqual([
      ['root.inner.known', 30],
      ['root.inner.known{}.list', 60],
    ]);
    expect(growing(moments)).toEqual([
      'root.inner.known had 10, then 20, then 30 members',
      'root.inner.known{}.list had 20, then 40, then 60 members',
    ]);
  });
  it('is none where as much goes as comes, nor where it is a few', () => {
    const of = (size: number): ReadonlyMap<string, number> => new Map([['a', size]]);
    expect(growing([of(100), of(200), of(150)])).toEqual([]);
    expect(growing([of(100), of(101), of(105)])).toEqual([]);
  });
});
