import { invalid, required, selectorMatches } from '#meta';
import type { JsonObject } from '#std';
import { isJsonObject } from '#std';
import { selectorValue } from '../../validation/labels.js';
import type { Problems } from '../../validation/checks.js';
import type { Job } from './schema.js';

/** Label of a job's pods: the job's name. */
export const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name';
/** Label of a job's pods: the job's UID. */
export const CONTROLLER_UID_LABEL = 'batch.kubernetes.io/controller-uid';
/** The same two labels without a domain, which clients still select by. */
export const LEGACY_JOB_NAME_LABEL = 'job-name';
export const LEGACY_CONTROLLER_UID_LABEL = 'controller-uid';

type Labels = Readonly<Record<string, string>>;
type JobSpec = Job['spec'];

function generatedLabels(job: Job): Labels {
  const { uid } = job.metadata;
  // A body that is refused may have no name.
  const name = (job.metadata.name as string | undefined) ?? '';
  return {
    [LEGACY_CONTROLLER_UID_LABEL]: uid,
    [LEGACY_JOB_NAME_LABEL]: name,
    [CONTROLLER_UID_LABEL]: uid,
    [JOB_NAME_LABEL]: name,
  };
}

/** Adds the generated labels to the template and the UID to the selector, unless `manualSelector` is true. */
export function withGeneratedSelector(job: Job): Job {
  const { spec } = job;
  if (spec.manualSelector === true) return job;
  const { [CONTROLLER_UID_LABEL]: uid, ...others } = spec.selector?.matchLabels ?? {};
  const matchLabels = sorted({ ...others, [CONTROLLER_UID_LABEL]: uid ?? job.metadata.uid });
  const labels = sorted({ ...generatedLabels(job), ...spec.template.metadata?.labels });
  const selector: JobSpec['selector'] = { ...spec.selector, matchLabels };
  const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } };
  return { ...job, spec: { ...spec, selector, template } };
}

/** A job without labels has those of its template. */
export function withTemplateLabels(job: Job): Job {
  const labels = job.spec.template.metadata?.labels;
  if (labels === undefined || Object.keys(labels).length === 0 || saysLabels(job)) return job;
  return { ...job, metadata: { ...job.metadata, labels } };
}

/** Whether a body gives the job labels of its own. */
export function saysLabels(body: unknown): boolean {
  const metadata: unknown = isJsonObject(body) ? body['metadata'] : undefined;
  const labels: unknown = isJsonObject(metadata) ? metadata['labels'] : undefined;
  return isJsonObject(labels) && Object.keys(labels as JsonObject).length > 0;
}

/** The template of a job with a generated selector has the generated labels, and the selector asks for no others. */
export function generatedSelectorProblems(job: Job, old?: Job): Problems {
  const { selector, template, manualSelector } = job.spec;
  if (manualSelector === true || !selector) return [];
  const expected =
    old === undefined || hasPrefixedLabels(old) ? generatedLabels(job) : legacyOnly(generatedLabels(job));
  const labels = template.metadata?.labels ?? {};
  const missing = Object.entries(expected).flatMap(([key, value]) => {
    const field = `spec.template.metadata.labels[${key}]`;
    const detail = `must be '${value}'`;
    const actual = labels[key];
    if (actual === undefined) return [required(field, detail)];
    return actual === value ? [] : [invalid(field, labels, detail)];
  });
  if (selectorMatches(selector, expected)) return missing;
  return [...missing, invalid('spec.selector', selectorValue(selector), '`selector` not auto-generated')];
}

/** Jobs of servers before these labels were prefixed lack them. */
function hasPrefixedLabels(job: Job): boolean {
  const labels = job.spec.template.metadata?.labels ?? {};
  return labels[JOB_NAME_LABEL] !== undefined && labels[CONTROLLER_UID_LABEL] !== undefined;
}
function legacyOnly(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !key.includes('/')));
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
