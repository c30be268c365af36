import { standardKind } from '#model';
import { ageColumn, column, nameColumn } from '../../shared/columns.js';
import { ownersOnly } from '../../shared/status-metadata.js';
import { items } from '../../shared/validation/checks.js';
import { validatingAdmissionPolicy, type ValidatingAdmissionPolicy } from './schema.js';
import { policiesByResource } from './indexes.js';
import { validatePolicy, validatePolicyStatus } from './validate.js';

/** CEL expressions that requests must fulfil. Without a binding it does nothing. */
export const validatingAdmissionPolicyKind = standardKind<ValidatingAdmissionPolicy>({
  names: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingAdmissionPolicy',
    plural: 'validatingadmissionpolicies',
    categories: ['api-extensions'],
    namespaced: false,
  },
  schema: validatingAdmissionPolicy,
  columns: [
    nameColumn,
    column<ValidatingAdmissionPolicy>(
      'Validations',
      'How many expressions must hold',
      ({ spec }) => items(spec.validations).length,
      { type: 'integer' },
    ),
    column<ValidatingAdmissionPolicy>('ParamKind', 'Kind of its parameters', ({ spec: { paramKind } }) =>
      paramKind ? `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}` : '<unset>',
    ),
    ageColumn,
  ],
  subresources: [{ name: 'status', kind: 'ValidatingAdmissionPolicy', verbs: ['get', 'patch', 'update'] }],
  indexes: [policiesByResource],
  strategy: {
    generation: 'managed',
    revalidatesMetadata: true,
    validate: (policy) => validatePolicy(policy),
    validateUpdate: validatePolicy,
    validateStatus: validatePolicyStatus,
    statusMetadata: ownersOnly,
  },
});
