import { invalid, notSupported, percentOf, required } from '#meta';
import type { Problem } from '#model';
import type { PodTemplateSpec } from '#pod';
import { jsonEquals } from '#std';
import { nonNegative, type Problems } from '../../validation/checks.js';
import { atMostAll, countOrPercent } from '../../validation/count-or-percent.js';
import { isEmptySelector, selectorValue, validateLabelSelector } from '../../validation/labels.js';
import { validateReplicatedTemplate } from '../../pod-template/validation/pod-template.js';
import { selectorProblem } from '../selector.js';
import type { Deployment, DeploymentStrategy } from './schema.js';

export function validateDeployment(object: Deployment): Problems {
  return validateSpec(object.spec);
}

export function validateDeploymentUpdate(object: Deployment, old: Deployment): Problems {
  const found: Problem[] = [...validateSpec(object.spec, old.spec.template)];
  if (!jsonEquals(object.spec.selector, old.spec.selector)) {
    found.push(invalid('spec.selector', selectorValue(object.spec.selector), 'field is immutable'));
  }
  return found;
}

function validateSpec(spec: Deployment['spec'], old?: PodTemplateSpec): Problems {
  const { selector, template, strategy, minReadySeconds = 0, progressDeadlineSeconds } = spec;
  const found: Problem[] = [...nonNegative('spec.replicas', spec.replicas)];
  if (!selector) found.push(required('spec.selector'));
  else {
    found.push(...validateLabelSelector('spec.selector', selector));
    if (isEmptySelector(selector))
      found.push(invalid('spec.selector', selectorValue(selector), 'empty selector is invalid for deployment'));
  }
  const unreadable = selectorProblem('spec.selector', selector);
  if (unreadable) found.push(unreadable);
  else found.push(...validateReplicatedTemplate('spec.template', template, { selector, old }));
  found.push(...strategyProblems('spec.strategy', strategy));
  found.push(...nonNegative('spec.minReadySeconds', minReadySeconds));
  found.push(...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit));
  if (progressDeadlineSeconds !== undefined) {
    found.push(...nonNegative('spec.progressDeadlineSeconds', progressDeadlineSeconds));
    if (progressDeadlineSeconds <= minReadySeconds) {
      found.push(
        invalid('spec.progressDeadlineSeconds', progressDeadlineSeconds, 'must be greater than minReadySeconds'),
      );
    }
  }
  return found;
}

function strategyProblems(field: string, strategy: DeploymentStrategy | undefined): Problems {
  if (strategy?.type === 'Recreate') {
    if (!strategy.rollingUpdate) return [];
    return [
      {
        type: 'Forbidden',
        field: `${field}.rollingUpdate`,
        detail: "may not be specified when strategy `type` is 'Recreate'",
      },
    ];
  }
  if (strategy?.type !== 'RollingUpdate')
    return [notSupported(field, strategyValue(strategy), ['Recreate', 'RollingUpdate'])];
  const { maxSurge = 0, maxUnavailable = 0 } = strategy.rollingUpdate ?? {};
  const at = `${field}.rollingUpdate`;
  const found: Problem[] = [
    ...countOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...countOrPercent(`${at}.maxSurge`, maxSurge),
  ];
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    found.push(invalid(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...found, ...atMostAll(`${at}.maxUnavailable`, maxUnavailable)];
}

/** Texts that are no percentage count as the number that they are, or as none. */
function isZero(value: number | string): boolean {
  return !(percentOf(value) ?? Number(value));
}
function strategyValue(strategy: DeploymentStrategy | undefined): unknown {
  const { maxUnavailable = 0, maxSurge = 0 } = strategy?.rollingUpdate ?? {};
  const rolling = strategy?.rollingUpdate ? { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge } : null;
  return { Type: strategy?.type ?? '', RollingUpdate: rolling };
}

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
] as const;
export function validateDeploymentStatus(object: Deployment, old: Deployment): Problems {
  const status = object.status ?? {};
  const found: Problem[] = COUNTS.flatMap((name) => nonNegative(`status.${name}`, status[name]));
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const above = (name: string, value: number, max: number, of: string): void => {
    if (value > max) found.push(invalid(`status.${name}`, value, `cannot be greater than ${of}`));
  };
  above('updatedReplicas', updatedReplicas, replicas, 'status.replicas');
  above('readyReplicas', readyReplicas, replicas, 'status.replicas');
  above('availableReplicas', availableReplicas, replicas, 'status.replicas');
  above('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas');
  const before = old.status?.collisionCount;
  if (before !== undefined && (status.collisionCount ?? 0) < before) {
    found.push(invalid('status.collisionCount', status.collisionCount ?? 0, 'cannot be decremented'));
  }
  return found;
}
