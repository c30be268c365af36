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
  readonly isManyMissed: boolean;
}

/**
 * The newest time since the last one that had a job (or since the CronJob was made), without those that lie longer back than
 * `startingDeadlineSeconds`. Undefined when the schedule has no two times.
 */
export function dueOf(cronJob: CronJob, times: Times, now: Instant): Due | undefined {
  const next = (after: Instant): Instant | undefined => nextTime(times.schedule, after, times.timeZone);
  const first = next(earliestOf(cronJob, now));
  if (first !== undefined && now < first) return NOTHING_DUE;
  const second = first === undefined ? undefined : next(first);
  if (first === undefined || second === undefined) return undefined;
  if (now < second) return { at: first, isManyMissed: false };
  const distance = second - first;
  const missed = Math.floor((now - first) / distance) + 1;
  let at: Instant | undefined;
  // Distances differ, so the search begins one of them earlier.
  for (let time = next(first + (missed - 2) * distance); time !== undefined && time <= now; time = next(time))
    at = time;
  return { at, isManyMissed: missed > MISSED_MAX };
}
const NOTHING_DUE: Due = { at: undefined, isManyMissed: false };

function earliestOf({ metadata, spec, status }: CronJob, now: Instant): Instant {
  const last = parseInstant(status?.lastScheduleTime) ?? parseInstant(metadata.creationTimestamp) ?? now;
  const deadline = spec.startingDeadlineSeconds;
  return typeof deadline === 'number' ? Math.max(last, now - deadline * 1000) : last;
}
