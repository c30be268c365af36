import { invalid } from '#meta';
import { nonNegative, supportedOnly, type Problems } from '../../validation/checks.js';
import { validateConditions } from '../../validation/conditions.js';
import { atMostAll, countOrPercent } from '../../validation/count-or-percent.js';
import { selectorValue, validateLabelSelector } from '../../validation/labels.js';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from './schema.js';

export const ALWAYS_ALLOW = 'AlwaysAllow';
const POLICIES = [ALWAYS_ALLOW, 'IfHealthyBudget'];

/** Problems of a budget, in Kubernetes' order. */
export function validateBudget({ spec }: PodDisruptionBudget): Problems {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [invalid('spec', specValue(spec), 'minAvailable and maxUnavailable cannot be both set')]
      : []),
    ...share('spec.minAvailable', minAvailable),
    ...share('spec.maxUnavailable', maxUnavailable),
    ...validateLabelSelector('spec.selector', selector),
    ...supportedOnly('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, POLICIES),
  ];
}

function share(field: string, value: number | string | undefined): Problems {
  return value === undefined ? [] : [...countOrPercent(field, value), ...atMostAll(field, value)];
}

/** A spec as Kubernetes prints it in a problem: by the Go names of its fields, in their order. */
function specValue(spec: PodDisruptionBudgetSpec): unknown {
  return {
    MinAvailable: spec.minAvailable ?? null,
    Selector: selectorValue(spec.selector),
    MaxUnavailable: spec.maxUnavailable ?? null,
    UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
  };
}

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;
export function validateBudgetStatus({ status }: PodDisruptionBudget): Problems {
  return [
    ...validateConditions('status.conditions', status?.conditions),
    ...COUNTS.flatMap((name) => nonNegative(`status.${name}`, status?.[name])),
  ];
}
