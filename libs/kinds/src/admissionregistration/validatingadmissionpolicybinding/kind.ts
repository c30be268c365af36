import { standardKind, type StrategyContext } from '#model';
import { jsonEquals } from '#std';
import { ageColumn, column, nameColumn } from '../../columns.js';
import type { Problems } from '../../validation/checks.js';
import { paramProblem, statedKindOf } from '../param-permissions.js';
import { bindingsByPolicy } from './indexes.js';
import { validatingAdmissionPolicyBinding, type ParamRef, type ValidatingAdmissionPolicyBinding } from './schema.js';
import { validateBinding } from './validate.js';

/** Puts a policy into effect: for which requests, with which parameters, and what follows on a failure. */
export const validatingAdmissionPolicyBindingKind = standardKind<ValidatingAdmissionPolicyBinding>({
  names: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    plural: 'validatingadmissionpolicybindings',
    categories: ['api-extensions'],
    namespaced: false,
  },
  schema: validatingAdmissionPolicyBinding,
  columns: [
    nameColumn,
    column<ValidatingAdmissionPolicyBinding>('PolicyName', 'Name of the policy', ({ spec }) => spec.policyName ?? ''),
    column<ValidatingAdmissionPolicyBinding>('ParamRef', 'Its parameters', ({ spec: { paramRef } }) => {
      if (!paramRef) return '<unset>';
      if (paramRef.selector) return selectorCell(paramRef.selector);
      const { namespace, name = '' } = paramRef;
      return namespace ? `${namespace}/${name}` : name;
    }),
    ageColumn,
  ],
  indexes: [bindingsByPolicy],
  strategy: {
    generation: 'managed',
    revalidatesMetadata: true,
    validate: (binding, context) => permitted(validateBinding(binding), binding, context),
    validateUpdate: (binding, old, context) =>
      jsonEquals(binding.spec, old.spec)
        ? validateBinding(binding)
        : permitted(validateBinding(binding), binding, context),
  },
});

/** Whoever refers to parameters must be able to read them. */
function permitted(
  problems: Problems,
  { spec: { policyName = '', paramRef } }: ValidatingAdmissionPolicyBinding,
  context: StrategyContext,
): Problems {
  if (problems.length > 0 || !paramRef) return problems;
  const verb = paramRef.name ? 'get' : 'list';
  const asked = { verb, name: paramRef.name ?? '', namespace: paramRef.namespace ?? '' };
  const why = (user: string): string =>
    `user ${user} does not have "${verb}" permission on the object referenced by paramRef`;
  return paramProblem('spec.paramRef', statedKindOf(context, policyName), { asked, context, why });
}

/** A selector as Go prints it, which is what the genuine server's table shows. */
function selectorCell({ matchLabels, matchExpressions }: NonNullable<ParamRef['selector']>): string {
  const labels = Object.entries(matchLabels ?? {})
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (matchExpressions ?? []).map(
    ({ key, operator, values }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${(values ?? []).join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
