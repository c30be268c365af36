import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../clock/index.js';
import { KeyRotation } from './key-rotation.js';
import { LEAD_BY_HAND_MS } from './key-schedule.js';
import { MemoryKeyStore } from './key-store.js';
import { StoredKeys } from './stored-keys.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

let clock: VirtualClock;
let store: MemoryKeyStore;
let keys: StoredKeys;
let rotation: KeyRotation;
const problems: unknown[] = [];

const openKeys = (): Promise<StoredKeys> => StoredKeys.open(store, { now: () => clock.now() });
const rotationOf = (one: StoredKeys, rotates: boolean): KeyRotation =>
  new KeyRotation({ keys: one, clock, rotates: () => rotates, onProblem: (cause) => problems.push(cause) });
const sign = (one: StoredKeys, lifeMs: number): Promise<string> =>
  one.signToken({ sub: 'x', exp: Math.floor((clock.now() + lifeMs) / 1000) });
const problemOf = async (token: string): Promise<unknown> => {
  const check = await keys.verifyToken(token, clock.now());
  return 'problem' in check ? check.problem : undefined;
};
const kidOf = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;
const kids = (): readonly unknown[] => keys.jwks().keys.map((key) => key['kid']);
/** Time goes on, with a look at its end and one after what has to be needless for a while. */
const later = async (ms: number): Promise<void> => {
  clock.advance(ms - 2 * HOUR_MS);
  await rotation.look();
  clock.advance(2 * HOUR_MS);
  await rotation.look();
};

beforeEach(async () => {
  clock = new VirtualClock(Date.UTC(2030, 0, 1));
  store = new MemoryKeyStore();
  keys = await openKeys();
  rotation = rotationOf(keys, true);
  problems.length = 0;
});

describe('a new token key', () => {
  it('is in the key set a day before it signs, and the old one verifies until its last token has ended', async () => {
    const before = await sign(keys, HOUR_MS);
    await later(181 * DAY_MS);
    expect(kids()).toHaveLength(2);
    const last = await sign(keys, 3 * DAY_MS);
    expect(kidOf(last)).toBe(kidOf(before));
    await later(DAY_MS);
    const next = await sign(keys, HOUR_MS);
    expect(kidOf(next)).not.toBe(kidOf(last));
    expect([await problemOf(last), await problemOf(next)]).toEqual([undefined, undefined]);
    await later(DAY_MS);
    expect(await problemOf(last)).toBeUndefined();
    await later(20 * DAY_MS);
    expect(kids()).toEqual([kidOf(next)]);
    expect(await problemOf(last)).toBe('signature');
    expect(problems).toEqual([]);
  });

  it('waits for a token of many years, and for one without an end for ever', async () => {
    const decade = await sign(keys, 10 * YEAR_MS);
    for (let year = 0; year < 9; year++) await later(YEAR_MS);
    expect(await problemOf(decade)).toBeUndefined();
    await later(YEAR_MS);
    await later(30 * DAY_MS);
    expect(kids()).not.toContain(kidOf(decade));
    const forever = await keys.signToken({ sub: 'x' });
    for (let year = 0; year < 3; year++) await later(YEAR_MS);
    expect(await problemOf(forever)).toBeUndefined();
    expect(store.list('token-ends').length).toBeLessThan(5);
  });

  it('is taken in by every process before it signs, when it is made by hand', async () => {
    const other = await openKeys();
    const elsewhere = rotationOf(other, false);
    const old = await sign(keys, HOUR_MS);
    await keys.rotating.tokens.add({ made: clock.now(), signs: clock.now() + LEAD_BY_HAND_MS, by: 'ada' });
    clock.advance(1000);
    await elsewhere.look();
    expect(kidOf(await sign(other, HOUR_MS))).toBe(kidOf(old));
    clock.advance(LEAD_BY_HAND_MS);
    const signed = await sign(other, HOUR_MS);
    expect(kidOf(signed)).not.toBe(kidOf(old));
    expect([await problemOf(signed), await problemOf(old)]).toEqual([undefined, undefined]);
  });

  it('takes over from the one key of an older build, which verifies for a year', async () => {
    const pem = keys.rotating.tokens.generations[0]?.body ?? '';
    store = new MemoryKeyStore();
    store.createOnce('service-account/current.pem', pem);
    const old = await sign(keys, 100 * DAY_MS);
    keys = await openKeys();
    rotation = rotationOf(keys, true);
    await rotation.look();
    expect(kids()).toHaveLength(2);
    await later(2 * DAY_MS);
    expect(kidOf(await sign(keys, HOUR_MS))).not.toBe(kidOf(old));
    await later(90 * DAY_MS);
    expect(await problemOf(old)).toBeUndefined();
    for (let day = 0; day < 400; day += 20) await later(20 * DAY_MS);
    expect(problems).toEqual([]);
    expect(kids()).not.toContain(kidOf(old));
    expect(store.read('service-account/current.pem')).toBeUndefined();
  });

  it('does not make the old one go when the clock is far ahead for some minutes only', async () => {
    const token = await sign(keys, HOUR_MS);
    clock.step(2 * YEAR_MS);
    await rotation.look();
    clock.step(2 * YEAR_MS);
    for (let i = 0; i < 5; i++) {
      clock.advance(60_000);
      await rotation.look();
    }
    clock.step(-4 * YEAR_MS);
    await rotation.look();
    expect(await problemOf(token)).toBeUndefined();
    expect(kidOf(await sign(keys, HOUR_MS))).toBe(kidOf(token));
  });
});
