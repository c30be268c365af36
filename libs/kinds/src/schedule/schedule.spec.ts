import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextTime, parseSchedule, type CronSchedule } from './index.js';

const schedule = (text: string): CronSchedule => {
  const read = parseSchedule(text);
  if (!read.ok) throw new Error(read.message);
  return read.value;
};
const next = (text: string, after: string, timeZone?: string): string | undefined => {
  const at = nextTime(schedule(text), Date.parse(after), timeZone);
  return at === undefined ? undefined : new Date(at).toISOString().replace('.000Z', 'Z');
};

describe('a schedule', () => {
  // The words are those of Kubernetes' own parser.
  it.each([
    ['@every', 'unrecognized descriptor: @every'],
    ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['*/-1 * * * *', 'negative number (-1) not allowed: -1'],
    ['-1 * * * *', 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
    [
      '*/99999999999999999999 * * * *',
      'failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ['TZ=0', 'invalid schedule format: runtime error: slice bounds out of range [:-1]'],
    ['TZ=Mars 0 0 * * *', 'provided bad location Mars: unknown time zone Mars'],
  ])('%s is refused', (text, message) => {
    expect(parseSchedule(text)).toEqual({ ok: false, message });
  });

  // What such a text costs is its length: nothing of it is read.
  it.each([
    ['zeros', `${'0'.repeat(40_000)}x * * * *`],
    ['white space', `*${' '.repeat(40_000)}* * * *`],
    ['white space after a time zone', `TZ=UTC *${' '.repeat(40_000)}* * * *`],
  ])('of many thousand characters is refused unread: %s', (_of, text) => {
    expect(parseSchedule(text)).toEqual({ ok: false, message: 'spec string is longer than 1024 characters' });
  });
  it('of the greatest length is read', () => {
    const zeros = '0'.repeat(1000);
    expect(next(`${zeros}5 * * * *`, '2026-01-01T00:00:00Z')).toBe('2026-01-01T00:05:00Z');
    expect(next(`${zeros} * * * *`, '2026-01-01T00:00:00Z')).toBe('2026-01-01T01:00:00Z');
    expect(next(`\u3000*${' '.repeat(1000)}* * * *\t`, '2026-01-01T00:00:00Z')).toBe('2026-01-01T00:01:00Z');
    expect(next('TZ=UTC \u0085@daily\n', '2026-01-01T00:00:00Z')).toBe('2026-01-02T00:00:00Z');
  });

  it.each([
    ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
    ['*/5 * * * *', '2026-01-01T00:04:59.999Z', '2026-01-01T00:05:00Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['0 0 * JAN-MAR MON,WED', '2026-03-31T00:00:00Z', '2027-01-04T00:00:00Z'],
    ['5/20 * * * ?', '2026-01-01T00:06:00Z', '2026-01-01T00:25:00Z'],
    ['@every 1h30m', '2026-01-01T00:00:00.500Z', '2026-01-01T01:30:00Z'],
    ['@every 10ms', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
    ['TZ=Europe/Berlin 0 12 * * *', '2026-01-01T00:00:00Z', '2026-01-01T11:00:00Z'],
  ])('%s comes after %s at %s', (text, after, at) => {
    expect(next(text, after)).toBe(at);
  });

  it('is of a day of the month or of the week, where it restricts both', () => {
    expect(next('0 0 13 * FRI', '2026-01-01T00:00:00Z')).toBe('2026-01-02T00:00:00Z');
    expect(next('0 0 */1 * FRI', '2026-01-03T00:00:00Z')).toBe('2026-01-09T00:00:00Z');
  });
  it('may have no time at all', () => {
    expect(next('0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(next(', * * * *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });
  it('leaves out what clocks skip and repeats what they repeat', () => {
    const berlin = (after: string) => next('30 2 * * *', after, 'Europe/Berlin');
    expect(berlin('2026-03-28T12:00:00Z')).toBe('2026-03-30T00:30:00Z');
    expect(berlin('2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00Z');
    expect(berlin('2026-10-25T00:30:00Z')).toBe('2026-10-25T01:30:00Z');
    expect(berlin('2026-10-25T01:30:00Z')).toBe('2026-10-26T01:30:00Z');
  });

  const number = (min: number, max: number) => fc.integer({ min, max });
  const fields = fc.tuple(
    number(0, 59),
    number(0, 23),
    fc.constantFrom('*', '1', '15-20', '*/3'),
    fc.constantFrom('*', '0'),
  );
  it('comes later each time, at a minute of its own, and never passes over one', () => {
    fc.assert(
      fc.property(
        fields,
        fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
        ([minute, hour, day, weekday], start) => {
          const text = `${minute} ${hour} ${day} * ${weekday}`;
          const after = start * 1000;
          const at = nextTime(schedule(text), after, 'UTC');
          if (at === undefined) throw new Error(`${text} has no next time`);
          expect(at).toBeGreaterThan(after);
          expect([new Date(at).getUTCMinutes(), new Date(at).getUTCHours()]).toEqual([minute, hour]);
          // From any instant before it, it is the same one.
          expect(nextTime(schedule(text), at - 1, 'UTC')).toBe(at);
          expect(nextTime(schedule(text), after + (at - after) / 2, 'UTC')).toBe(at);
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });
});
