import { dns1123Label, invalid } from '#meta';
import type { Problem } from '#model';
import type { PodTemplateSpec } from '#pod';
import { jsonEquals, withoutField } from '#std';
import { goForm, goPodTemplate } from '../../pod-template/go-form.js';
import type { Problems } from '../../validation/checks.js';
import { selectorValue } from '../../validation/labels.js';
import { generatedSelectorProblems } from './generated-labels.js';
import type { Job } from './schema.js';
import type { JobSpec } from '../job-spec.schema.js';
import { jobSpecProblems } from '../validate-spec.js';

export function validateJob(job: Job, old?: Job): Problems {
  return [
    ...generatedSelectorProblems(job, old),
    ...jobSpecProblems('spec', job.spec, old?.spec),
    ...hostnameProblems(job),
  ];
}

/** An update is checked as a new job and as a change, so causes about the spec come twice. */
export function validateJobUpdate(job: Job, old: Job): Problems {
  return [...validateJob(job, old), ...jobSpecProblems('spec', job.spec, old.spec), ...changeProblems(job, old)];
}

/** The pod of the last index has the job's name and that index as its host name. */
function hostnameProblems({ metadata, spec }: Job): Problems {
  const { completionMode, completions = 0 } = spec;
  if (completionMode !== 'Indexed' || completions <= 0) return [];
  // A body that is refused may have no name.
  const name = (metadata.name as string | undefined) ?? '';
  const hostname = `${name}-${completions - 1}`;
  if (dns1123Label(hostname).length === 0) return [];
  const detail = `will not able to create pod with invalid DNS label: ${hostname}`;
  return [invalid('metadata.name', name, detail)];
}

function changeProblems(job: Job, old: Job): Problems {
  const { spec } = job;
  const found: Problem[] = [...completionsProblems(spec, old.spec)];
  const immutable = <K extends keyof JobSpec>(
    name: K,
    shown: (value: JobSpec[K]) => unknown = (value) => value,
    before: JobSpec[K] = old.spec[name],
  ): void => {
    if (jsonEquals(spec[name] ?? null, before ?? null)) return;
    found.push(invalid(`spec.${name}`, shown(spec[name]), 'field is immutable'));
  };
  immutable('selector', selectorValue);
  immutable('template', goPodTemplate, comparedTemplate(spec.template, old));
  immutable('completionMode');
  immutable('podFailurePolicy', (policy) => policy && goForm('PodFailurePolicy', policy));
  immutable('backoffLimitPerIndex');
  immutable('managedBy');
  immutable('successPolicy', (policy) => policy && goForm('SuccessPolicy', policy));
  return found;
}
/** An indexed job is elastic: completions may follow parallelism. */
function completionsProblems(spec: JobSpec, old: JobSpec): Problems {
  const { completions } = spec;
  if (completions === old.completions) return [];
  if (spec.completionMode !== 'Indexed') return [invalid('spec.completions', completions, 'field is immutable')];
  if (completions === undefined || completions === spec.parallelism) return [];
  return [invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')];
}

const SCHEDULING_OF_METADATA = ['annotations', 'labels'] as const;
const SCHEDULING_OF_SPEC = ['nodeSelector', 'schedulingGates', 'tolerations'] as const;
/**
 * The template that a changed one must equal: of a job that is suspended and was never started, what directs scheduling
 * may change.
 */
function comparedTemplate(template: PodTemplateSpec, old: Job): PodTemplateSpec {
  const before = old.spec.template;
  const isMutable = old.spec.suspend === true && old.status?.startTime === undefined;
  if (!isMutable || !before.spec) return before;
  const affinity = comparedAffinity(template.spec?.affinity, before.spec.affinity);
  const spec = withoutField(replaced(before.spec, template.spec, SCHEDULING_OF_SPEC), 'affinity');
  return {
    ...before,
    metadata: replaced(before.metadata ?? {}, template.metadata, SCHEDULING_OF_METADATA),
    spec: { ...spec, ...(affinity && { affinity }) },
  };
}

type Affinity = NonNullable<NonNullable<PodTemplateSpec['spec']>['affinity']>;
/** Only the affinity to nodes directs scheduling in this sense. */
function comparedAffinity(now: Affinity | undefined, before: Affinity | undefined): Affinity | undefined {
  if (!now && !before) return undefined;
  const others = withoutField(before ?? {}, 'nodeAffinity');
  const compared: Affinity = { ...others, ...(now?.nodeAffinity && { nodeAffinity: now.nodeAffinity }) };
  return !now && Object.keys(compared).length === 0 ? undefined : compared;
}

/** The object with some of its fields as another one has them. */
function replaced<T extends object>(object: T, other: T | undefined, names: readonly (keyof T)[]): T {
  const merged = { ...object } as Record<PropertyKey, unknown>;
  for (const name of names) {
    if (other?.[name] === undefined) delete merged[name];
    else merged[name] = other[name];
  }
  return merged as T;
}
