import { invalid, notSupported, quantityOf, required } from '#meta';
import type { Problem } from '#model';
import { nonNegative, type Problems } from '../../validation/checks.js';
import type { HorizontalPodAutoscaler, HPAScalingPolicy, HPAScalingRules } from './schema.js';
import { validateMetrics } from './validate-metrics.js';
import { validateReference } from './validate-reference.js';

const WINDOW_SECONDS_MAX = 3600;
const PERIOD_SECONDS_MAX = 1800;

export function validateAutoscaler(object: HorizontalPodAutoscaler): Problems {
  return validateSpec(object.spec, 1);
}
/** What has no lower bound keeps it: the gate may have been on when it was written. */
export function validateAutoscalerUpdate(object: HorizontalPodAutoscaler, old: HorizontalPodAutoscaler): Problems {
  return validateSpec(object.spec, old.spec.minReplicas === 0 ? 0 : 1);
}
export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler): Problems {
  return [
    ...nonNegative('status.currentReplicas', status?.currentReplicas),
    ...nonNegative('status.desiredReplicas', status?.desiredReplicas),
  ];
}

function validateSpec(spec: HorizontalPodAutoscaler['spec'], least: number): Problems {
  const { minReplicas, maxReplicas, scaleTargetRef, metrics, behavior } = spec;
  const found: Problem[] = [];
  if (minReplicas !== undefined && minReplicas < least)
    found.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`));
  if (maxReplicas < 1) found.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    found.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  return [
    ...found,
    ...validateReference('spec.scaleTargetRef', scaleTargetRef, { needsGroup: true }),
    ...validateMetrics('spec.metrics', metrics ?? [], minReplicas),
    ...validateRules('spec.behavior.scaleUp', behavior?.scaleUp),
    ...validateRules('spec.behavior.scaleDown', behavior?.scaleDown),
  ];
}

function validateRules(field: string, rules: HPAScalingRules | undefined): Problems {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const found: Problem[] = [];
  const at = `${field}.stabilizationWindowSeconds`;
  if (window !== undefined && window < 0) found.push(invalid(at, window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > WINDOW_SECONDS_MAX)
    found.push(invalid(at, window, `must be less than or equal to ${WINDOW_SECONDS_MAX}`));
  if (selectPolicy !== undefined && !SELECTS.includes(selectPolicy))
    found.push(notSupported(`${field}.selectPolicy`, selectPolicy, SELECTS));
  if (policies.length === 0) found.push(required(`${field}.policies`, 'must specify at least one Policy'));
  found.push(...policies.flatMap((policy, i) => validatePolicy(`${field}.policies[${i}]`, policy)));
  if (tolerance !== undefined && quantityOf(tolerance).nanos < 0n)
    found.push(invalid(`${field}.tolerance`, tolerance, 'must be greater than or equal to 0'));
  return found;
}
const SELECTS = ['Disabled', 'Max', 'Min'];
const POLICIES = ['Percent', 'Pods'];

function validatePolicy(field: string, { type, value, periodSeconds }: HPAScalingPolicy): Problems {
  const found: Problem[] = [];
  const positive = (at: string, number: number): void => {
    if (number <= 0) found.push(invalid(at, number, 'must be greater than zero'));
  };
  if (!POLICIES.includes(type)) found.push(notSupported(`${field}.type`, type, POLICIES));
  positive(`${field}.value`, value);
  positive(`${field}.periodSeconds`, periodSeconds);
  if (periodSeconds > PERIOD_SECONDS_MAX)
    found.push(invalid(`${field}.periodSeconds`, periodSeconds, `must be less than or equal to ${PERIOD_SECONDS_MAX}`));
  return found;
}
