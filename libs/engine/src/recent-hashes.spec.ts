import { describe, expect, it } from '@jest/globals';
import { RecentHashes } from './recent-hashes.js';

const hashOf = (position: number) => `${position}`.padStart(43, 'h');

describe('the last hashes of a chain', () => {
  it('are found by their position alone, and no more of them are held than allowed', () => {
    const hashes = new RecentHashes(4096);
    expect(hashes.at(3)).toBeUndefined();
    // Every third position: events of others lie between.
    for (let position = 3; position <= 30_000; position += 3) hashes.add(position, hashOf(position));
    const first = 30_000 - 3 * 4095;
    for (let position = 3; position <= 30_000; position += 3)
      expect(hashes.at(position)).toBe(position < first ? undefined : hashOf(position));
    expect([hashes.at(29_999), hashes.at(30_003)]).toEqual([undefined, undefined]);
  });

  it('stay in place while room is made for more, also after some were dropped', () => {
    const hashes = new RecentHashes(4096);
    for (let position = 1; position <= 1000; position++) hashes.add(position, hashOf(position));
    hashes.dropBefore(900);
    for (let position = 1001; position <= 4000; position++) hashes.add(position, hashOf(position));
    for (let position = 1; position <= 4000; position++)
      expect(hashes.at(position)).toBe(position < 900 ? undefined : hashOf(position));
    hashes.clear();
    expect(hashes.at(4000)).toBeUndefined();
    hashes.add(5000, hashOf(5000));
    expect(hashes.at(5000)).toBe(hashOf(5000));
  });
});
