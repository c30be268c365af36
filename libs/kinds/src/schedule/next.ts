import type { Instant } from '#std';
import type { CronField, CronSchedule, FieldSchedule } from './parse.js';
import { offsetMs } from './time-zones.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A schedule without a time in so many years has none. */
const YEARS_MAX = 5;

/**
 * The first time of a schedule after an instant; undefined where there is none within five years. Where clocks are set
 * forward, times that do not exist are left out; where they are set back, those that exist twice come twice.
 */
export function nextTime(schedule: CronSchedule, after: Instant, timeZone = 'UTC'): Instant | undefined {
  if ('everyMs' in schedule) return Math.floor(after / 1000) * 1000 + schedule.everyMs;
  const zone = schedule.timeZone ?? timeZone;
  const first = after + offsetMs(zone, after);
  const limit = new Date(first).getUTCFullYear() + YEARS_MAX;
  // The day before, too: it may end after the instant where clocks are set back at midnight.
  let day = Math.floor(first / DAY_MS) * DAY_MS - DAY_MS;
  for (;;) {
    const date = new Date(day);
    if (date.getUTCFullYear() > limit) return undefined;
    if (!schedule.month.numbers.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
      continue;
    }
    const found = isDayOf(schedule, date) ? firstOfDay(schedule, { day, after, zone }) : undefined;
    if (found !== undefined) return found;
    day += DAY_MS;
  }
}

/** With a restriction on both, a day of the month or of the week is enough. */
function isDayOf({ dayOfMonth, dayOfWeek }: FieldSchedule, date: Date): boolean {
  const isOfMonth = dayOfMonth.numbers.has(date.getUTCDate());
  const isOfWeek = dayOfWeek.numbers.has(date.getUTCDay());
  return dayOfMonth.isAny || dayOfWeek.isAny ? isOfMonth && isOfWeek : isOfMonth || isOfWeek;
}

interface Day {
  /** Midnight as the zone's clocks show it, as if that were UTC. */
  readonly day: number;
  readonly after: Instant;
  readonly zone: string;
}
function firstOfDay(schedule: FieldSchedule, { day, after, zone }: Day): Instant | undefined {
  const [before, behind] = [offsetMs(zone, day - DAY_MS), offsetMs(zone, day + 2 * DAY_MS)];
  const offsets = before === behind ? [before] : [before, behind];
  let first: Instant | undefined;
  for (const offset of offsets) {
    const found = firstAtOffset(schedule, { day, after, zone }, offset);
    if (found !== undefined && (first === undefined || found < first)) first = found;
  }
  return first;
}

/** The first time of a day at which the clocks have an offset. */
function firstAtOffset(schedule: FieldSchedule, { day, after, zone }: Day, offset: number): Instant | undefined {
  for (const hour of ascending(schedule.hour)) {
    if (day + hour * HOUR_MS + HOUR_MS - offset <= after) continue;
    for (const minute of ascending(schedule.minute)) {
      const at = day + hour * HOUR_MS + minute * MINUTE_MS - offset;
      if (at > after && offsetMs(zone, at) === offset) return at;
    }
  }
  return undefined;
}
function ascending({ numbers }: CronField): readonly number[] {
  return [...numbers].sort((a, b) => a - b);
}
