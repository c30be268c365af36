import type { Problem } from '#model';
import type { Lease } from './schema.js';

export function validateLease(object: Lease): readonly Problem[] {
  const { spec } = object;
  const problems: Problem[] = [];
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    problems.push({
      type: 'Invalid',
      field: 'spec.leaseDurationSeconds',
      value: spec.leaseDurationSeconds,
      detail: 'must be greater than 0',
    });
  }
  if (spec.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
    problems.push({
      type: 'Invalid',
      field: 'spec.leaseTransitions',
      value: spec.leaseTransitions,
      detail: 'must be greater than or equal to 0',
    });
  }
  return problems;
}
