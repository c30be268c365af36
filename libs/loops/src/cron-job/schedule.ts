import { loadTimeZone, nextTime, parseSchedule, type CronJob, type CronSchedule } from '#kinds';
import { parseInstant, type Instant } from '#std';

/** More missed times than this are told of; the newest is made up for all the same. */
const MISSED_MAX = 100;

export interface Times {
  readonly schedule: CronSchedule;
  readonly timeZone: string;
}
/** What is wrong with a schedule, as the incident that says it. */
export interface Fault {
  readonly reason: string;
  readonly message: string;
}

/** The schedule in its time zone. The API accepts no other, but a time zone may have gone, and older objects stay. */
export function timesOf({ spec }: CronJob): Times | Fault {
  const zone = loadTimeZone(spec.timeZone ?? '');
  if (!zone.ok)
    return { reason: 'UnknownTimeZone', message: `invalid timeZone: "${spec.timeZone ?? ''}": ${zone.message}` };
  const schedule = parseSchedule(spec.schedule);
  if (!schedule.ok)
    return { reason: 'UnparseableSchedule', message: `unparseable schedule: "${spec.schedule}" : ${schedule.message}` };
  return { schedule: schedule.value, timeZone: zone.value };
}
export function isFault(found: Times | Fault): found is Fault {
  return 'reason' in found;
}

export interface Due {
  /** The newest time that has come and has no job; undefined where there is none. */
  readonly at: Instant | undefined;
  /** The first time that has not come yet. */
  readonly next: Instant | undefined;
  readonly isManyMissed: boolean;
}

/**
 * The newest time since the last one that had a job (or since the CronJob was made), without those that lie longer back than
 * `startingDeadlineSeconds`. Undefined when the schedule has no two times.
 */
export function dueOf(cronJob: CronJob, { schedule, timeZone }: Times, now: Instant): Due | undefined {
  const nextOf: NextOf = (after) => nextTime(schedule, after, timeZone);
  const first = firstOf(cronJob, { schedule, nextOf, now });
  if (first !== undefined && now < first) return { at: undefined, next: first, isManyMissed: false };
  const second = first === undefined ? undefined : nextOf(first);
  if (first === undefined || second === undefined) return undefined;
  // As Kubernetes estimates it: by the distance of the first two.
  const distance = second - first;
  const missed = Math.floor((now - first) / distance) + 1;
  const at = 'everyMs' in schedule ? first + (missed - 1) * distance : newestUntil(now, first, nextOf);
  return { at, next: nextOf(at), isManyMissed: missed > MISSED_MAX };
}

/** The first time of a schedule after an instant: never an earlier one for a later instant. */
export type NextOf = (after: Instant) => Instant | undefined;
const MINUTE_MS = 60_000;

/** The newest time that is not after `now`, of which `first` is one. It asks as often as the distance has binary digits. */
export function newestUntil(now: Instant, first: Instant, nextOf: NextOf): Instant {
  const hasCome = (time: Instant | undefined): time is Instant => time !== undefined && time <= now;
  let newest = first;
  let [before, after] = [first, now];
  // After `before` there may be one that has come, after `after` there is none.
  while (after - before > MINUTE_MS) {
    const middle = Math.floor((before + after) / 2);
    const time = nextOf(middle);
    if (hasCome(time)) [before, newest] = [time, time];
    else after = middle;
  }
  const last = nextOf(before);
  return hasCome(last) ? last : newest;
}

interface Search {
  readonly schedule: CronSchedule;
  readonly nextOf: NextOf;
  readonly now: Instant;
}
function firstOf({ metadata, spec, status }: CronJob, { schedule, nextOf, now }: Search): Instant | undefined {
  const last = parseInstant(status?.lastScheduleTime) ?? parseInstant(metadata.creationTimestamp) ?? now;
  const deadline = spec.startingDeadlineSeconds;
  if (typeof deadline !== 'number') return nextOf(last);
  const earliest = now - deadline * 1000;
  if (earliest <= last) return nextOf(last);
  if (!('everyMs' in schedule)) return nextOf(earliest);
  // Its times are counted from the last one: from any other instant they would move with the clock and never come.
  const { everyMs } = schedule;
  const first = last + everyMs;
  return first > earliest ? first : first + (Math.floor((earliest - first) / everyMs) + 1) * everyMs;
}
