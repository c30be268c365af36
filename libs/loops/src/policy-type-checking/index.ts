import { registry, typeWarnings, validatingAdmissionPolicies } from '#kinds';
import type { Loop } from '#model';
import { reportStatus } from '../shared/index.js';

/** Checks the expressions of each generation of a policy with the types of the kinds that its rules name. Keys are names. */
export const policyTypeChecking: Loop = {
  name: 'validatingadmissionpolicy-status',
  account: 'validatingadmissionpolicy-status-controller',
  keysOf: ({ kind, after }) => (kind === validatingAdmissionPolicies.id && after ? [after.metadata.name] : []),
  keysAtStart: (view) => view.list(validatingAdmissionPolicies).map(({ metadata }) => metadata.name),
  reconcile(view, key) {
    const policy = view.get(validatingAdmissionPolicies, undefined, key);
    if (!policy) return [];
    const { metadata, spec, status } = policy;
    const { generation = 0 } = metadata;
    if ((status?.observedGeneration ?? 0) >= generation) return [];
    const expressionWarnings = typeWarnings(spec, registry.at(view));
    const checked = {
      ...status,
      observedGeneration: generation,
      typeChecking: expressionWarnings.length > 0 ? { expressionWarnings } : {},
    };
    return reportStatus(validatingAdmissionPolicies, policy, checked, {
      because: `generation ${generation} has not been checked`,
    });
  },
};
