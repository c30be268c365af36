import { describe, expect, it } from '@jest/globals';
import type { Pod } from '#pod';
import { toTime } from '#std';
import { pauseAfterRejections } from './rejections.js';

const NOW = Date.UTC(2026, 0, 1, 12);
const rejected = (secondsAgo: number, reason = 'OutOfcpu'): Pod =>
  ({
    metadata: { creationTimestamp: toTime(NOW - secondsAgo * 1000) },
    status: { phase: 'Failed', reason },
  }) as unknown as Pod;

describe('after pods that nodes turned away', () => {
  it('the pause doubles with each of the last minute, up to half a minute', () => {
    const until = (count: number): number | undefined =>
      pauseAfterRejections(Array(count).fill(rejected(0)) as Pod[], { now: NOW, outside: undefined });
    expect([1, 2, 5, 20].map((count) => (until(count) ?? NOW) - NOW)).toEqual([200, 400, 3200, 30_000]);
  });
  it('there is none after pods that failed otherwise, or long ago', () => {
    expect(
      pauseAfterRejections([rejected(0, 'Evicted'), rejected(61)], { now: NOW, outside: undefined }),
    ).toBeUndefined();
  });
});
