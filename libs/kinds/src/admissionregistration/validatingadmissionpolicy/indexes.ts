import type { ObjectIndex } from '#model';
import { pairsOfRules } from '../resource-pairs.js';
import { validatingAdmissionPolicies, type ValidatingAdmissionPolicy } from './index.js';

/** Policies by the groups and main resources that their rules name, so that a request costs those that may match it. */
export const policiesByResource: ObjectIndex<ValidatingAdmissionPolicy> = {
  name: 'validating admission policies by resource',
  kind: validatingAdmissionPolicies,
  part: ({ spec }) => spec.matchConstraints,
  values: ({ spec }) => pairsOfRules(spec.matchConstraints?.resourceRules ?? []),
};
