import {
  forbidden,
  invalid,
  notSupported,
  required,
  selectorMatches,
  validateAnnotations,
  validateLabels,
} from '#meta';
import type { Problem, LabelSelector } from '#model';
import type { PodTemplateSpec } from '#pod';
import { podAnnotationProblems, profileProblems } from './annotations.js';
import { items, type Problems } from '../../validation/checks.js';
import { isEmptySelector } from '../../validation/labels.js';
import { validatePodSpec } from './pod-spec.js';

/** A template's labels and annotations stand in problems without their `metadata`. */
export function validatePodTemplate(field: string, template: PodTemplateSpec, old?: PodTemplateSpec): Problems {
  const spec = template.spec;
  const found: Problem[] = [
    ...validateLabels(template.metadata?.labels, `${field}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${field}.annotations`),
    ...podAnnotationProblems(`${field}.annotations`, template.metadata?.annotations, spec),
    ...(spec ? validatePodSpec(`${field}.spec`, spec, { old: old?.spec }) : [required(`${field}.spec.containers`)]),
    ...profileProblems(`${field}.spec`, template.metadata?.annotations, spec),
  ];
  if (items(spec?.ephemeralContainers).length > 0) {
    found.push(forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
  return found;
}

/** The template of a kind that keeps a number of pods running. */
export function validateReplicatedTemplate(
  field: string,
  template: PodTemplateSpec,
  { selector, old }: { readonly selector: LabelSelector | undefined; readonly old: PodTemplateSpec | undefined },
): Problems {
  const found: Problem[] = [];
  const labels = template.metadata?.labels;
  // No selector at all matches nothing; an empty one matches everything.
  if (!selector || (!isEmptySelector(selector) && !selectorMatches(selector, labels))) {
    found.push(invalid(`${field}.metadata.labels`, labels ?? null, '`selector` does not match template `labels`'));
  }
  found.push(...validatePodTemplate(field, template, old));
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always')
    found.push(notSupported(`${field}.spec.restartPolicy`, restartPolicy ?? '', ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    found.push(
      forbidden(`${field}.spec.activeDeadlineSeconds`, 'activeDeadlineSeconds in ReplicaSet is not Supported'),
    );
  }
  return found;
}
