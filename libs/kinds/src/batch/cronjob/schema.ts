import {
  boolean,
  f,
  type Infer,
  int32,
  int64,
  list,
  named,
  object,
  req,
  string,
  time,
  objectMeta,
  objectReference,
} from '#model';
import type { Stored } from '#model';
import { jobSpec } from '../job-spec.schema.js';

export const jobTemplateSpec = object('io.k8s.api.batch.v1.JobTemplateSpec', 'What jobs are made like.', {
  metadata: f(objectMeta, 1, 'Labels and annotations of the jobs.', { always: {} }),
  spec: f(jobSpec, 2, 'What the jobs are to run.', { always: {} }),
});
export type JobTemplateSpec = Infer<typeof jobTemplateSpec>;

export const cronJobSpec = object('io.k8s.api.batch.v1.CronJobSpec', 'Which jobs are made, and when.', {
  schedule: req(string, 1, 'When, in the five fields of cron or a word such as @hourly.'),
  timeZone: f(string, 8, 'Time zone of the schedule, by its IANA name; that of the controller by default.', {
    pointer: true,
  }),
  startingDeadlineSeconds: f(int64, 2, 'Seconds after its time until which a missed job is still started.', {
    pointer: true,
  }),
  concurrencyPolicy: f(
    named('v1.ConcurrencyPolicy'),
    3,
    'What is done while the previous job still runs: Allow, Forbid or Replace.',
    { fill: 'Allow' },
  ),
  suspend: f(boolean, 4, 'Whether no more jobs are started for now.', { fill: false, pointer: true }),
  jobTemplate: req(jobTemplateSpec, 5, 'What jobs are made like.', { always: {} }),
  successfulJobsHistoryLimit: f(int32, 6, 'How many jobs that succeeded are kept.', { fill: 3, pointer: true }),
  failedJobsHistoryLimit: f(int32, 7, 'How many jobs that failed are kept.', { fill: 1, pointer: true }),
});
export type CronJobSpec = Infer<typeof cronJobSpec>;

export const cronJobStatus = object('io.k8s.api.batch.v1.CronJobStatus', 'What was started.', {
  active: f(list(objectReference), 1, 'The jobs that run.', { listType: 'atomic' }),
  lastScheduleTime: f(time, 4, 'For when a job was last started.'),
  lastSuccessfulTime: f(time, 5, 'When a job last completed.'),
});
export type CronJobStatus = Infer<typeof cronJobStatus>;

export const cronJob = object(
  'io.k8s.api.batch.v1.CronJob',
  'Makes jobs at set times.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(cronJobSpec, 2, 'Which jobs are made, and when.', { always: {} }),
    status: f(cronJobStatus, 3, 'What was started.', { always: {} }),
  },
  { gvk: ['batch/v1 CronJob'] },
);
export type CronJob = Stored<typeof cronJob, 'spec'>;
