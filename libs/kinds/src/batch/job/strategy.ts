import type { Strategy, StrategyContext } from '#model';
import { changed } from '../../pod-template/pod-defaults.js';
import { templateRules } from '../../pod-template/template-rules.js';
import { saysLabels, withGeneratedSelector, withTemplateLabels } from './generated-labels.js';
import type { Job } from './schema.js';
import { validateJob, validateJobUpdate } from './validate.js';
import { validateJobStatus } from './validate-status.js';
import type { JobSpec } from '../job-spec.schema.js';
import { jobSpecWarnings } from '../spec-warnings.js';

const INT32_MAX = 2 ** 31 - 1;
const template = templateRules<Job>();

export const jobStrategy: Strategy<Job> = {
  ...template,
  generation: 'managed',
  revalidatesMetadata: true,
  garbageCollection: 'Orphan',
  orphaningWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  applyDefaults: (job, context) => withTemplateLabels(withSpecDefaults(template.applyDefaults(job, context))),
  prepareCreate,
  validate: (job) => validateJob(job),
  validateUpdate: validateJobUpdate,
  validateStatus: validateJobStatus,
  warnings: (job, old, context) => [
    ...jobSpecWarnings('spec', job.spec, job, old),
    ...template.warnings(job, old, context),
  ],
  // The generated labels of a template that had none become the job's own once it is stored.
  allocate: (job, old) => (old === undefined ? withTemplateLabels(job) : job),
};

function prepareCreate(job: Job, context: StrategyContext): Job {
  const hadLabels = Object.keys(job.spec.template.metadata?.labels ?? {}).length > 0;
  const generated = withGeneratedSelector(template.prepareCreate(job, context));
  if (!hadLabels || saysLabels(context.command.body)) return generated;
  // The labels that the defaults took from the template follow it.
  const { labels = {} } = generated.spec.template.metadata ?? {};
  return { ...generated, metadata: { ...generated.metadata, labels } };
}

function withSpecDefaults(job: Job): Job {
  const { spec } = job;
  const isSingle = spec.completions === undefined && spec.parallelism === undefined;
  const set: Partial<JobSpec> = {
    ...(isSingle && { completions: 1 }),
    parallelism: spec.parallelism ?? 1,
    backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX),
    completionMode: spec.completionMode ?? 'NonIndexed',
    suspend: spec.suspend ?? false,
    podReplacementPolicy: spec.podReplacementPolicy ?? (spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'),
    manualSelector: spec.manualSelector ?? false,
  };
  return changed(job, { spec: changed(spec, set) });
}
