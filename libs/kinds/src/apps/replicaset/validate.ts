import { invalid, required } from '#meta';
import type { Problem } from '#model';
import type { PodTemplateSpec } from '#pod';
import { jsonEquals } from '#std';
import { nonNegative, type Problems } from '../../validation/checks.js';
import { isEmptySelector, selectorValue, validateLabelSelector } from '../../validation/labels.js';
import { validateReplicatedTemplate } from '../../pod-template/validation/pod-template.js';
import { selectorProblem } from '../selector.js';
import type { ReplicaSet } from './schema.js';

export function validateReplicaSet(object: ReplicaSet): Problems {
  return validateSpec(object.spec);
}

export function validateReplicaSetUpdate(object: ReplicaSet, old: ReplicaSet): Problems {
  const found: Problem[] = [...validateSpec(object.spec, old.spec.template)];
  if (!jsonEquals(object.spec.selector, old.spec.selector)) {
    found.push(invalid('spec.selector', selectorValue(object.spec.selector), 'field is immutable'));
  }
  return found;
}

function validateSpec(spec: ReplicaSet['spec'], old?: PodTemplateSpec): Problems {
  const { selector, template } = spec;
  const found: Problem[] = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
  ];
  if (!selector) found.push(required('spec.selector'));
  else {
    found.push(...validateLabelSelector('spec.selector', selector));
    // Kubernetes' words for this kind name the other one, too.
    if (isEmptySelector(selector))
      found.push(invalid('spec.selector', selectorValue(selector), 'empty selector is invalid for deployment'));
  }
  const unreadable = selectorProblem('spec.selector', selector);
  if (unreadable) return [...found, unreadable];
  return [...found, ...validateReplicatedTemplate('spec.template', template ?? {}, { selector, old })];
}

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'terminatingReplicas',
  'observedGeneration',
] as const;
export function validateReplicaSetStatus(object: ReplicaSet): Problems {
  const { status } = object;
  if (!status) return [];
  const found: Problem[] = COUNTS.flatMap((name) => nonNegative(`status.${name}`, status[name]));
  const { replicas, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const above = (name: string, value: number, max: number, of: string): void => {
    if (value > max) found.push(invalid(`status.${name}`, value, `cannot be greater than ${of}`));
  };
  above('fullyLabeledReplicas', fullyLabeledReplicas, replicas, 'status.replicas');
  above('readyReplicas', readyReplicas, replicas, 'status.replicas');
  above('availableReplicas', availableReplicas, replicas, 'status.replicas');
  above('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas');
  return found;
}
