import type { ObjectIndex } from '#model';
import { validatingAdmissionPolicyBindings, type ValidatingAdmissionPolicyBinding } from './index.js';

export const bindingsByPolicy: ObjectIndex<ValidatingAdmissionPolicyBinding> = {
  name: 'validating admission policy bindings by policy',
  kind: validatingAdmissionPolicyBindings,
  part: ({ spec }) => spec.policyName,
  values: ({ spec }) => (spec.policyName === undefined ? [] : [spec.policyName]),
};
