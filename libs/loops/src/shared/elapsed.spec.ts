import { describe, expect, test } from '@jest/globals';
import { RecordedOutside, type OutsideFacts } from '#model';
import { dueAfter, elapsedSince } from './elapsed.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const known = (facts: OutsideFacts): RecordedOutside => new RecordedOutside(facts);

describe('how long ago something was recorded', () => {
  test('is what the clock says while nobody set it', () => {
    expect(elapsedSince(NOON, NOON + MINUTE_MS, undefined)).toBe(MINUTE_MS);
    expect(elapsedSince(NOON + MINUTE_MS, NOON, known({}))).toBe(0);
  });
  test('does not count an hour that was skipped', () => {
    const outside = { wallSteps: [{ at: NOON, by: HOUR_MS }] };
    const now = NOON + HOUR_MS + MINUTE_MS;
    expect(elapsedSince(NOON - MINUTE_MS, now, known(outside))).toBe(2 * MINUTE_MS);
    expect(elapsedSince(NOON + HOUR_MS, now, known(outside))).toBe(MINUTE_MS);
    expect(dueAfter(NOON - MINUTE_MS, 5 * MINUTE_MS, { now, outside: known(outside) })).toBe(now + 3 * MINUTE_MS);
  });
  test('counts an instant that a step passed over, as far as was seen, from that step on', () => {
    // The clock was set ten seconds before this observer looked; meanwhile somebody else recorded something.
    const outside = {
      wallSteps: [
        { at: NOON - HOUR_MS, by: 0 },
        { at: NOON, by: HOUR_MS },
      ],
    };
    expect(elapsedSince(NOON + HOUR_MS - 5000, NOON + HOUR_MS + 1000, known(outside))).toBe(1000);
    const back = { wallSteps: [...outside.wallSteps.slice(0, 1), { at: NOON, by: -HOUR_MS / 2, unseenMs: 10_000 }] };
    expect(elapsedSince(NOON - HOUR_MS / 2 - 5000, NOON - HOUR_MS / 2 + 1000, known(back))).toBe(1000);
    expect(elapsedSince(NOON - HOUR_MS / 2 - 15_000, NOON - HOUR_MS / 2 + 1000, known(back))).toBe(
      HOUR_MS / 2 + 16_000,
    );
  });
  test('counts a whole second that was begun before the clock was set back into it from that step on', () => {
    const outside = { wallSteps: [{ at: NOON, by: 600 - HOUR_MS, unseenMs: 5 }] };
    const second = NOON - HOUR_MS;
    expect(elapsedSince(second, second + 700, known(outside))).toBe(100);
    expect(elapsedSince(second - 1000, second + 700, known(outside))).toBe(HOUR_MS + 1100);
  });
  test('counts an hour that was lived through twice', () => {
    const outside = { wallSteps: [{ at: NOON, by: -HOUR_MS }] };
    const now = NOON - HOUR_MS + MINUTE_MS;
    expect(elapsedSince(NOON - MINUTE_MS, now, known(outside))).toBe(2 * MINUTE_MS);
    expect(elapsedSince(now - 1000, now, known(outside))).toBe(1000);
  });
  test('counts from when the observer began for an instant that is still to come', () => {
    const outside = { wallSteps: [{ at: NOON, by: 0 }] };
    expect(elapsedSince(NOON + HOUR_MS, NOON + MINUTE_MS, known(outside))).toBe(MINUTE_MS);
    expect(elapsedSince(NOON - HOUR_MS, NOON + MINUTE_MS, known(outside))).toBe(HOUR_MS + MINUTE_MS);
  });
  test('is nothing for an instant that somebody dated more than a day ahead', () => {
    const outside = { wallSteps: [{ at: NOON, by: 0 }] };
    expect(elapsedSince(Date.UTC(2999, 0, 1), NOON + MINUTE_MS, known(outside))).toBe(0);
    const back = { wallSteps: [{ at: NOON + 99 * 24 * HOUR_MS, by: -99 * 24 * HOUR_MS }] };
    expect(elapsedSince(NOON + 99 * 24 * HOUR_MS - MINUTE_MS, NOON + MINUTE_MS, known(back))).toBe(2 * MINUTE_MS);
  });
  test('is known over several steps', () => {
    const outside = {
      wallSteps: [
        { at: NOON, by: HOUR_MS },
        { at: NOON + HOUR_MS + MINUTE_MS, by: -2 * HOUR_MS },
      ],
    };
    const now = NOON - HOUR_MS + 3 * MINUTE_MS;
    expect(elapsedSince(NOON - MINUTE_MS, now, known(outside))).toBe(4 * MINUTE_MS);
    expect(elapsedSince(NOON + HOUR_MS, now, known(outside))).toBe(3 * MINUTE_MS);
  });
});
