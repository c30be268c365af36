import { describe, expect, test } from '@jest/globals';
import { IndexSet } from './index-set.js';

const LIMIT = 100_000;

describe('a set of indexes', () => {
  test('is written as Kubernetes writes it, and read again', () => {
    const set = IndexSet.empty.with([5, 0, 1, 8, 6, 7, 3]);
    expect(set.toString()).toBe('0,1,3,5-8');
    expect(IndexSet.parse('0,1,3,5-8', LIMIT).toString()).toBe('0,1,3,5-8');
    expect([set.size, set.has(2), set.has(7)]).toEqual([7, false, true]);
  });
  test('leaves out what is no index of the job', () => {
    expect(IndexSet.parse('1-3,x,9-2,4-99,-1,', 6).toString()).toBe('1-5');
  });
  test('says how many indexes two have in common', () => {
    expect(IndexSet.parse('0-4,8', LIMIT).common(IndexSet.parse('3-8', LIMIT))).toBe(3);
    expect(IndexSet.empty.common(IndexSet.parse('3-8', LIMIT))).toBe(0);
  });
  test('of all completions of a large job is one interval', () => {
    const all = IndexSet.empty.with(Array.from({ length: LIMIT }, (_, i) => LIMIT - 1 - i));
    expect([all.toString(), all.size]).toEqual(['0-99999', LIMIT]);
  });
  test('knows what it lacks, without a look at what it has', () => {
    const end = 2_147_483_647;
    const set = IndexSet.parse(`1-2,4-${end - 3}`, end).union(IndexSet.parse('0,2-3', end));
    expect([...set.gaps(end)]).toEqual([end - 2, end - 1]);
    expect([...set.gaps(100)]).toEqual([]);
    expect([...IndexSet.parse('1,3', 9).gaps(5)]).toEqual([0, 2, 4]);
    expect([...IndexSet.empty.gaps(2)]).toEqual([0, 1]);
  });
});
