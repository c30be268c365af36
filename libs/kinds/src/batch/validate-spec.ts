import { invalid, notSupported, required, selectorMatches, tooLong } from '#meta';
import type { Problem } from '#model';
import type { PodTemplateSpec } from '#pod';
import { goForm } from '../pod-template/go-form.js';
import { validatePodTemplate } from '../pod-template/validation/pod-template.js';
import { nonNegative, type Problems } from '../validation/checks.js';
import { isEmptySelector, selectorValue, validateLabelSelector } from '../validation/labels.js';
import { domainPrefixedPath } from '../validation/references.js';
import type { JobSpec } from './job-spec.schema.js';
import { podFailurePolicyProblems, successPolicyProblems } from './validate-policies.js';

const INDEXED_PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
/** Beyond so many completions, retries for each index are bounded further. */
const COMPLETIONS_SOFT_LIMIT = 100_000;
const LIMIT_FOR_HIGH_COMPLETIONS = 10_000;
const MANAGED_BY_BYTES_MAX = 63;
const NEEDS_INDEXES = 'requires indexed completion mode';

/** What holds of the spec of a job: its selector matches its template. */
export function jobSpecProblems(field: string, spec: JobSpec, old?: JobSpec): Problems {
  const { selector, template } = spec;
  const found: Problem[] = [...commonSpecProblems(field, spec, old?.template)];
  if (selector) found.push(...validateLabelSelector(`${field}.selector`, selector));
  else found.push(required(`${field}.selector`));
  const labels = template.metadata?.labels;
  // No selector at all matches nothing; one that cannot be read is told above.
  const isReadable = !selector || validateLabelSelector('', selector).length === 0;
  const isMatch = selector !== undefined && (isEmptySelector(selector) || selectorMatches(selector, labels));
  if (isReadable && !isMatch) {
    const detail = '`selector` does not match template `labels`';
    found.push(invalid(`${field}.template.metadata.labels`, labels ?? null, detail));
  }
  return found;
}

/** What holds of the spec in a template of jobs: the server makes the selector. */
export function jobTemplateProblems(field: string, spec: JobSpec, old?: JobSpec): Problems {
  const { selector, manualSelector } = spec;
  const found: Problem[] = [...commonSpecProblems(field, spec, old?.template)];
  if (selector) {
    found.push(invalid(`${field}.selector`, selectorValue(selector), '`selector` will be auto-generated'));
  }
  if (manualSelector === true) found.push(notSupported(`${field}.manualSelector`, true, ['nil', 'false']));
  return found;
}

function commonSpecProblems(field: string, spec: JobSpec, oldTemplate: PodTemplateSpec | undefined): Problems {
  const at = (name: keyof JobSpec): string => `${field}.${name}`;
  const { podFailurePolicy, template, managedBy } = spec;
  const found: Problem[] = [
    ...nonNegative(at('parallelism'), spec.parallelism),
    ...nonNegative(at('completions'), spec.completions),
    ...nonNegative(at('activeDeadlineSeconds'), spec.activeDeadlineSeconds),
    ...nonNegative(at('backoffLimit'), spec.backoffLimit),
    ...nonNegative(at('ttlSecondsAfterFinished'), spec.ttlSecondsAfterFinished),
    ...nonNegative(at('backoffLimitPerIndex'), spec.backoffLimitPerIndex),
    ...nonNegative(at('maxFailedIndexes'), spec.maxFailedIndexes),
  ];
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    found.push(required(at('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (managedBy !== undefined) {
    found.push(...domainPrefixedPath(at('managedBy'), managedBy));
    if (managedBy.length > MANAGED_BY_BYTES_MAX) found.push(tooLong(at('managedBy'), MANAGED_BY_BYTES_MAX));
  }
  found.push(...completionModeProblems(field, spec));
  if (podFailurePolicy) found.push(...podFailurePolicyProblems(at('podFailurePolicy'), spec));
  found.push(...successProblems(at('successPolicy'), spec), ...replacementProblems(at('podReplacementPolicy'), spec));
  found.push(...validatePodTemplate(at('template'), template, oldTemplate));
  found.push(...restartProblems(`${at('template')}.spec.restartPolicy`, spec));
  return found;
}

function completionModeProblems(field: string, spec: JobSpec): Problems {
  const { completionMode: mode = 'NonIndexed', backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (mode === 'Indexed') return indexedProblems(field, spec);
  if (mode !== 'NonIndexed') return [notSupported(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed'])];
  const found: Problem[] = [];
  if (backoffLimitPerIndex !== undefined)
    found.push(invalid(`${field}.backoffLimitPerIndex`, backoffLimitPerIndex, NEEDS_INDEXES));
  if (maxFailedIndexes !== undefined) found.push(invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, NEEDS_INDEXES));
  return found;
}

function indexedProblems(field: string, spec: JobSpec): Problems {
  const { completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const found: Problem[] = [];
  const above = (name: 'parallelism' | 'maxFailedIndexes', value: number, max: number, rest = ''): void => {
    if (value > max) found.push(invalid(`${field}.${name}`, value, `must be less than or equal to ${max}${rest}`));
  };
  if (completions === undefined) found.push(required(`${field}.completions`, 'when completion mode is Indexed'));
  above('parallelism', parallelism, INDEXED_PARALLELISM_MAX, ' when completion mode is Indexed');
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    const detail = 'must be less than or equal to completions';
    found.push(invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, detail));
  }
  above('maxFailedIndexes', maxFailedIndexes ?? 0, FAILED_INDEXES_MAX);
  if ((completions ?? 0) <= COMPLETIONS_SOFT_LIMIT || backoffLimitPerIndex === undefined) return found;
  if (maxFailedIndexes === undefined) {
    const detail = `must be specified when completions is above ${COMPLETIONS_SOFT_LIMIT}`;
    found.push(required(`${field}.maxFailedIndexes`, detail));
  }
  const rest = ` when completions are above ${COMPLETIONS_SOFT_LIMIT} and used with backoff limit per index`;
  above('parallelism', parallelism, LIMIT_FOR_HIGH_COMPLETIONS, rest);
  above('maxFailedIndexes', maxFailedIndexes ?? 0, LIMIT_FOR_HIGH_COMPLETIONS, rest);
  return found;
}

function successProblems(field: string, spec: JobSpec): Problems {
  if (!spec.successPolicy) return [];
  if (spec.completionMode === 'Indexed') return successPolicyProblems(field, spec);
  return [invalid(field, goForm('SuccessPolicy', spec.successPolicy), NEEDS_INDEXES)];
}

function replacementProblems(field: string, { podReplacementPolicy, podFailurePolicy }: JobSpec): Problems {
  if (podReplacementPolicy === undefined) return [];
  const supported = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return supported.includes(podReplacementPolicy) ? [] : [notSupported(field, podReplacementPolicy, supported)];
}

function restartProblems(field: string, { template, podFailurePolicy }: JobSpec): Problems {
  const policy = template.spec?.restartPolicy || 'Always';
  if (policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(field, policy, ['OnFailure', 'Never'])];
  if (!podFailurePolicy || policy === 'Never') return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}
