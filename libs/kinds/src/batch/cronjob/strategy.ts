import type { Strategy } from '#model';
import type { PodTemplateSpec } from '#pod';
import { templateWithoutDisabledFields } from '../../pod-template/disabled-fields.js';
import { withTemplateDefaults } from '../../pod-template/pod-defaults.js';
import { templateWarnings } from '../../pod-template/template-rules.js';
import { nameWarnings } from '../../pod-template/validation/name-warnings.js';
import { jobSpecWarnings } from '../spec-warnings.js';
import type { CronJob } from './schema.js';
import { validateCronJob, validateCronJobUpdate } from './validate.js';

export const cronJobStrategy: Strategy<CronJob> = {
  generation: 'managed',
  applyDefaults: (cronJob) => withTemplate(cronJob, withTemplateDefaults),
  prepareCreate: (cronJob) => withTemplate(cronJob, templateWithoutDisabledFields),
  prepareUpdate: (cronJob) => withTemplate(cronJob, templateWithoutDisabledFields),
  validate: validateCronJob,
  validateUpdate: validateCronJobUpdate,
  warnings: (cronJob, old, { command }) => (command.subresource === 'status' ? [] : warnings(cronJob, old)),
};

const JOB_SPEC = 'spec.jobTemplate.spec';
function warnings(cronJob: CronJob, old: CronJob | undefined): readonly string[] {
  const { schedule, jobTemplate } = cronJob.spec;
  const isZoned = old !== undefined && schedule.includes('TZ');
  return [
    ...(old ? [] : nameWarnings(cronJob.metadata.name, 'Pod names and hostnames')),
    ...(jobTemplate.spec ? jobSpecWarnings(JOB_SPEC, jobTemplate.spec, cronJob, old) : []),
    ...templateWarnings(`${JOB_SPEC}.template`, jobTemplate.spec?.template, cronJob, old),
    ...(isZoned
      ? [
          'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
        ]
      : []),
  ];
}

function withTemplate(cronJob: CronJob, change: (template: PodTemplateSpec) => PodTemplateSpec): CronJob {
  const { jobTemplate } = cronJob.spec;
  if (!jobTemplate.spec) return cronJob;
  const template = change(jobTemplate.spec.template);
  if (template === jobTemplate.spec.template) return cronJob;
  const spec = { ...jobTemplate.spec, template };
  return { ...cronJob, spec: { ...cronJob.spec, jobTemplate: { ...jobTemplate, spec } } };
}
