import { describe, expect, it } from '@jest/globals';
import { applyMergePatch } from '#meta';
import type { JsonObject } from '#std';
import { mergeDiff } from './status-patch.js';

describe('mergeDiff', () => {
  it.each<readonly [string, JsonObject, JsonObject, JsonObject | undefined]>([
    ['nothing for what is equal', { a: { b: [1] } }, { a: { b: [1] } }, undefined],
    ['fields that are new or gone', { a: 1, b: 2 }, { b: 2, c: 3 }, { a: null, c: 3 }],
    ['fields that are gone within an object', { n: { a: 1, b: ['x'] } }, { n: { a: 1 } }, { n: { b: null } }],
    ['an object that takes the place of a text', { n: 'x' }, { n: { a: 1 } }, { n: { a: 1 } }],
    ['a list as a whole', { n: { l: [1, 2] } }, { n: { l: [2] } }, { n: { l: [2] } }],
  ])('says %s', (_what, from, to, wanted) => {
    const diff = mergeDiff(from, to);
    expect(diff).toEqual(wanted);
    expect(applyMergePatch(from, diff ?? {})).toMatchObject({ value: to });
  });
});
