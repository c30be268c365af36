import type { ObjectIndex } from '#model';
import { validatingAdmissionPolicies, type ValidatingAdmissionPolicy } from './index.js';

/** Pairs of group and resource under which one policy is indexed; one with more is found for every request. */
const PAIRS_MAX = 64;
/** Found for every resource. */
const ANY_RESOURCE = '*/*';

/** Policies by the groups and main resources that their rules name, so that a request costs those that may match it. */
export const policiesByResource: ObjectIndex<ValidatingAdmissionPolicy> = {
  name: 'validating admission policies by resource',
  kind: validatingAdmissionPolicies,
  part: ({ spec }) => spec.matchConstraints,
  values({ spec }) {
    const pairs = new Set<string>();
    for (const { apiGroups, resources } of spec.matchConstraints?.resourceRules ?? []) {
      for (const group of apiGroups ?? []) {
        for (const resource of resources ?? []) {
          pairs.add(`${group}/${resource.split('/', 1)[0] ?? ''}`);
          if (pairs.size > PAIRS_MAX) return [ANY_RESOURCE];
        }
      }
    }
    return [...pairs];
  },
};
