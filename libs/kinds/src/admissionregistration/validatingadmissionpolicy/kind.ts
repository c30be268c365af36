import { standardKind, type StrategyContext } from '#model';
import { jsonEquals } from '#std';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { ownersOnly } from '../../status-metadata.js';
import { items, type Problems } from '../../validation/checks.js';
import { paramProblem } from '../param-permissions.js';
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
    validate: (policy, context) => permitted(validatePolicy(policy), policy, context),
    validateUpdate: (policy, old, context) =>
      jsonEquals(policy.spec.paramKind ?? null, old.spec.paramKind ?? null)
        ? validatePolicy(policy, old)
        : permitted(validatePolicy(policy, old), policy, context),
    validateStatus: validatePolicyStatus,
    statusMetadata: ownersOnly,
  },
});

/** Whoever names a kind of parameters must be able to read all of its objects. */
function permitted(
  problems: Problems,
  { spec: { paramKind } }: ValidatingAdmissionPolicy,
  context: StrategyContext,
): Problems {
  if (problems.length > 0 || !paramKind) return problems;
  const { kind = '', apiVersion = '' } = paramKind;
  const asked = { verb: 'get', name: '*', namespace: '*' };
  const why = (user: string): string =>
    `user ${user} must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;
  return paramProblem('spec.paramKind', paramKind, { asked, context, why });
}
