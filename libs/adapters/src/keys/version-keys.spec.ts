import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { VersionKeys } from './version-keys.js';

const keys = VersionKeys.of(Buffer.alloc(32, 7));
const version = fc.oneof(fc.nat(40), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

/** The keys from the root down to a version, made here as the documentation says. */
function lineOf(one: number): readonly string[] {
  const line = [Buffer.alloc(32, 7)];
  for (const digit of one.toString(16).padStart(8, '0')) {
    const above = line.at(-1) as Buffer;
    line.push(
      createHash('sha256')
        .update(above)
        .update(Buffer.of(Number.parseInt(digit, 16)))
        .digest(),
    );
  }
  return line.map((key) => key.toString('hex'));
}

describe('keys of versions', () => {
  it('are different for each version and for each root', () => {
    const versions = [...Array(600).keys(), 65_535, 65_536, 2 ** 32 - 1];
    const seen = new Set(versions.map((one) => keys.key(one)?.toString('hex')));
    expect(seen.size).toBe(versions.length);
    expect(seen.has(VersionKeys.of(Buffer.alloc(32, 8)).key(0)?.toString('hex'))).toBe(false);
  });

  it('stay the same when older ones are forgotten, also in steps and after a restart', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 4 }), version, (steps, asked) => {
        let left = keys;
        for (const step of steps) left = VersionKeys.parse(left.since(step).toBytes()) as VersionKeys;
        const from = Math.max(...steps);
        expect(left.from).toBe(from);
        expect(left.key(asked)).toEqual(asked < from ? undefined : keys.key(asked));
        expect(left.key(from)).toEqual(keys.key(from));
      }),
    );
  });

  it('leave nothing behind that leads to a forgotten one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (from) => {
        const bytes = keys.since(from).toBytes();
        const kept = new Set<string>();
        for (let at = 4; at < bytes.length; at += 32) kept.add(bytes.toString('hex', at, at + 32));
        for (const old of [0, from >> 1, from - 1]) for (const key of lineOf(old)) expect(kept.has(key)).toBe(false);
        // Of the first one that is kept, exactly one node is on the line.
        expect(lineOf(from).filter((key) => kept.has(key))).toHaveLength(1);
      }),
    );
  });

  it('take the same room however many versions there are', () => {
    for (const from of [1, 1000, 2 ** 31, 2 ** 32 - 1])
      expect(keys.since(from).toBytes().length).toBeLessThanOrEqual(4 + 121 * 32);
    expect(() => keys.key(2 ** 32)).toThrow(/no key for version/);
    expect(VersionKeys.parse(Buffer.alloc(31))).toBeUndefined();
    expect(VersionKeys.parse(Buffer.alloc(36))).toBeUndefined();
  });
});
