import { invalid, required } from '#meta';
import type { Problem } from '#model';
import { nonNegative, oneOf, type Problems } from '../../validation/checks.js';
import { jobTemplateProblems } from '../validate-spec.js';
import { parseSchedule } from '../../schedule/parse.js';
import { loadTimeZone } from '../../schedule/time-zones.js';
import type { CronJob, CronJobSpec } from './schema.js';

/** Jobs have the name of their CronJob and eleven characters more, and must still be labels. */
const NAME_MAX = 52;
const POLICIES = ['Allow', 'Forbid', 'Replace'];

export function validateCronJob({ metadata, spec }: CronJob): Problems {
  const found = cronJobSpecProblems(spec, undefined);
  // A body that is refused may have no name.
  const name = (metadata.name as string | undefined) ?? '';
  if (name.length <= NAME_MAX) return found;
  return [...found, invalid('metadata.name', name, `must be no more than ${NAME_MAX} characters`)];
}

export function validateCronJobUpdate(cronJob: CronJob, old: CronJob): Problems {
  return cronJobSpecProblems(cronJob.spec, old.spec);
}

function cronJobSpecProblems(spec: CronJobSpec, old: CronJobSpec | undefined): Problems {
  return [
    ...scheduleProblems(spec, old),
    ...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...(old === undefined || old.timeZone !== spec.timeZone ? timeZoneProblems(spec.timeZone) : []),
    ...oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, POLICIES),
    ...jobTemplateProblems('spec.jobTemplate.spec', jobSpecOf(spec), old && jobSpecOf(old)),
    ...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ];
}
function jobSpecOf({ jobTemplate }: CronJobSpec): NonNullable<CronJobSpec['jobTemplate']['spec']> {
  return jobTemplate.spec ?? { template: {} };
}

/** A schedule that names its time zone stays valid where there was one before. */
function scheduleProblems({ schedule, timeZone }: CronJobSpec, old: CronJobSpec | undefined): Problems {
  const field = 'spec.schedule';
  if (schedule === '') return [required(field)];
  const found: Problem[] = [];
  const read = parseSchedule(schedule);
  if (!read.ok) found.push(invalid(field, schedule, read.message));
  if (!schedule.includes('TZ')) return found;
  if (!(old?.schedule.includes('TZ') ?? false)) {
    const detail = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    found.push(invalid(field, schedule, detail));
  } else if (timeZone !== undefined) {
    found.push(invalid(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return found;
}

function timeZoneProblems(timeZone: string | undefined): Problems {
  const field = 'spec.timeZone';
  if (timeZone === undefined) return [];
  if (timeZone === '') return [invalid(field, timeZone, 'timeZone must be nil or non-empty string')];
  if (!timeZone.split('/').every(isNamePart)) return [invalid(field, timeZone, `unknown time zone ${timeZone}`)];
  const found: Problem[] = [];
  if (timeZone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    found.push(invalid(field, timeZone, detail));
  }
  const zone = loadTimeZone(timeZone);
  return zone.ok ? found : [...found, invalid(field, timeZone, zone.message)];
}
function isNamePart(part: string): boolean {
  return part !== '.' && part !== '..' && /^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$/.test(part);
}
