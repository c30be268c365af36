import { finishedCondition, isJobFinished, type CronJob, type CronJobStatus, type Job } from '#kinds';
import type { Submit, View } from '#model';
import { parseInstant, type Instant } from '#std';
import { incident } from '../shared/index.js';
import { isOfSchedule } from './job.js';

export const COMPONENT = 'cronjob-controller';

export interface Look {
  readonly view: View;
  readonly cronJob: CronJob;
  /** Jobs that it controls, in the order of their names. */
  readonly jobs: readonly Job[];
  readonly now: Instant;
}
type Reference = NonNullable<CronJobStatus['active']>[number];

export interface ActiveJobs {
  readonly status: CronJobStatus;
  readonly incidents: readonly Submit[];
}

/**
 * The jobs of the schedule that still run. Of these the status may not know one whose controller died before it wrote the
 * status. One that a person made from the CronJob is none of them, as in Kubernetes.
 */
export function runningJobs({ cronJob, jobs }: Look): readonly Job[] {
  const known = new Set((cronJob.status?.active ?? []).map(({ uid }) => uid));
  return jobs.filter((job) => !isJobFinished(job.status) && (known.has(job.metadata.uid) || isOfSchedule(job)));
}

/** Which of the jobs in the status still run, and what is to be said about the others. `expected` names the job that is due. */
export function activeJobs(look: Look, expected: string | undefined): ActiveJobs {
  const { cronJob, jobs } = look;
  const before = cronJob.status?.active ?? [];
  const byUid = new Map(jobs.map((job) => [job.metadata.uid, job]));
  const active: Reference[] = [];
  const incidents: Submit[] = [];
  for (const reference of before) {
    const job = byUid.get(reference.uid ?? '');
    const end = finishedCondition(job?.status)?.type;
    if (!job) incidents.push(...say(look, 'Normal', 'MissingJob', `Active job went missing: ${reference.name ?? ''}`));
    else if (end) incidents.push(...say(look, 'Normal', 'SawCompletedJob', completedMessage(job, end)));
    else active.push(reference);
  }
  const known = new Set(before.map(({ uid }) => uid));
  for (const job of jobs) {
    const { uid, name } = job.metadata;
    if (known.has(uid) || isJobFinished(job.status) || name === expected) continue;
    const message = `Saw a job that the controller did not create or forgot: ${name}`;
    incidents.push(...say(look, 'Warning', 'UnexpectedJob', message));
  }
  const lastSuccessfulTime = lastSuccess(look);
  const { active: _active, ...others } = cronJob.status ?? {};
  return {
    status: {
      ...others,
      ...(active.length > 0 && { active }),
      ...(lastSuccessfulTime != null && { lastSuccessfulTime }),
    },
    incidents,
  };
}
function completedMessage({ metadata }: Job, end: string): string {
  return `Saw completed job: ${metadata.name}, condition: ${end}`;
}

function lastSuccess({ cronJob, jobs }: Look): string | null | undefined {
  let last = cronJob.status?.lastSuccessfulTime;
  for (const job of jobs) {
    const { completionTime } = job.status ?? {};
    if (finishedCondition(job.status)?.type !== 'Complete' || completionTime == null) continue;
    if ((parseInstant(completionTime) ?? 0) > (parseInstant(last) ?? -Infinity)) last = completionTime;
  }
  return last;
}

export function say(
  { view, now, cronJob }: Look,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): readonly Submit[] {
  return incident(view, now, { about: cronJob, type, reason, message, component: COMPONENT });
}
