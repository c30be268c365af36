import { offsetMs, type CronJob, type Job } from '#kinds';
import { controllerRef } from '#meta';
import { type View } from '#model';
import { toTime, uuidOf, type Instant } from '#std';
import type { Manifest } from '../shared/index.js';
import type { Times } from './schedule.js';

const SCHEDULED_TIME = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
const MINUTE_MS = 60_000;

/** Two controllers give the job of one time one name, so the second is refused. */
export function jobName({ metadata }: CronJob, at: Instant): string {
  return `${metadata.name}-${Math.floor(at / MINUTE_MS)}`;
}

/** Made for one of the times of a schedule, and not by a person. */
export function isOfSchedule({ metadata: { annotations } }: Job): boolean {
  return annotations?.[SCHEDULED_TIME] !== undefined;
}

export function jobFor(view: View, cronJob: CronJob, at: Instant, { timeZone }: Times): Manifest & Pick<Job, 'spec'> {
  const { namespace, uid } = cronJob.metadata;
  const { metadata: { labels, annotations } = {}, spec } = cronJob.spec.jobTemplate;
  const name = jobName(cronJob, at);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      uid: uuidOf(`${uid}/${view.childrenEver(uid)}/${name}`),
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      annotations: { ...annotations, [SCHEDULED_TIME]: zonedTime(at, timeZone) },
      ownerReferences: [controllerRef(cronJob)],
    },
    spec: spec ?? { template: {} },
  };
}

/** RFC 3339 as the clocks of a time zone show it: `2026-07-01T09:00:00+02:00`. */
function zonedTime(at: Instant, timeZone: string): string {
  const minutes = Math.round(offsetMs(timeZone, at) / MINUTE_MS);
  if (minutes === 0) return toTime(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  const distance = Math.abs(minutes);
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
  return toTime(at + minutes * MINUTE_MS).replace('Z', offset);
}
