import { describe, expect, test } from '@jest/globals';
import { nextTime, parseSchedule, type CronJob } from '#kinds';
import type { Instant } from '#std';
import { dueOf, isFault, newestUntil, timesOf, type Due } from './schedule.js';

const at = (text: string): Instant => Date.parse(text);
interface Given {
  readonly last: string;
  readonly now: string;
  readonly timeZone?: string;
  readonly deadline?: number;
}
function due(schedule: string, { last, now, timeZone, deadline }: Given): Due | undefined {
  const cronJob = {
    metadata: { name: 'tick', namespace: 'default', creationTimestamp: last },
    spec: {
      schedule,
      ...(timeZone !== undefined && { timeZone }),
      ...(deadline !== undefined && { startingDeadlineSeconds: deadline }),
    },
    status: { lastScheduleTime: last },
  } as unknown as CronJob;
  const times = timesOf(cronJob);
  if (isFault(times)) throw new Error(times.message);
  return dueOf(cronJob, times, at(now));
}

describe('the time that is due', () => {
  const AFTER_A_GAP = { last: '2026-06-30T23:58:00Z', now: '2027-06-29T12:00:30Z' };

  test.each(['UTC', 'Europe/Berlin'])('is found in few steps after a gap of half a year: %s', (timeZone) => {
    const read = parseSchedule('* * * 1-6 *');
    if (!read.ok) throw new Error(read.message);
    let asked = 0;
    const nextOf = (after: Instant) => {
      asked++;
      return nextTime(read.value, after, timeZone);
    };
    const first = at('2026-06-30T21:59:00Z');
    expect(newestUntil(at(AFTER_A_GAP.now), first, nextOf)).toBe(at('2027-06-29T12:00:00Z'));
    expect(asked).toBeLessThanOrEqual(22);
    expect(due('* * * 1-6 *', { ...AFTER_A_GAP, timeZone })?.at).toBe(at('2027-06-29T12:00:00Z'));
  });

  test('is the newest that has come, however long ago', () => {
    expect(due('* * * 1-6 *', { last: '2026-06-30T12:00:00Z', now: '2026-12-01T00:00:00Z' })).toEqual({
      at: at('2026-06-30T23:59:00Z'),
      next: at('2027-01-01T00:00:00Z'),
      isManyMissed: true,
    });
    // A Friday in the afternoon, and the Saturday after it.
    expect(due('0 9-17 * * 1-5', { last: '2026-06-26T14:00:00Z', now: '2026-06-27T12:00:00Z' })).toEqual({
      at: at('2026-06-26T17:00:00Z'),
      next: at('2026-06-29T09:00:00Z'),
      isManyMissed: false,
    });
  });

  test.each([
    ['*/7 3-5 * * *', 'UTC'],
    ['30 6-16/4 * * 1-5', 'UTC'],
    ['30 2 * * *', 'Europe/Berlin'],
    ['0 0 1 */2 *', 'Asia/Tokyo'],
    ['59 23 28-31 * *', 'America/New_York'],
  ])('is the one that a walk from the last one comes to: %s %s', (schedule, timeZone) => {
    const last = '2026-01-15T11:11:00Z';
    const read = parseSchedule(schedule);
    if (!read.ok) throw new Error(read.message);
    let [newest, next]: (Instant | undefined)[] = [undefined, nextTime(read.value, at(last), timeZone)];
    for (let hours = 1; hours < 9000; hours += 431) {
      const now = new Date(at(last) + hours * 3_600_000).toISOString();
      while (next !== undefined && next <= at(now)) [newest, next] = [next, nextTime(read.value, next, timeZone)];
      expect({ now, ...due(schedule, { last, now, timeZone }) }).toMatchObject({ now, at: newest, next });
    }
  });

  test('of an interval is counted from the last one, whenever it is asked for', () => {
    const last = '2026-01-01T00:00:00Z';
    const every = (now: string, deadline?: number) =>
      due('@every 1h', { last, now, ...(deadline !== undefined && { deadline }) });
    expect(every('2026-01-01T00:59:00Z')).toMatchObject({ at: undefined, next: at('2026-01-01T01:00:00Z') });
    expect(every('2026-01-01T05:20:00Z')).toMatchObject({
      at: at('2026-01-01T05:00:00Z'),
      next: at('2026-01-01T06:00:00Z'),
    });
    expect(every('2026-01-01T05:09:00Z', 600)).toMatchObject({ at: at('2026-01-01T05:00:00Z') });
    expect(every('2026-01-01T05:20:00Z', 600)).toMatchObject({ at: undefined, next: at('2026-01-01T06:00:00Z') });
  });
});
