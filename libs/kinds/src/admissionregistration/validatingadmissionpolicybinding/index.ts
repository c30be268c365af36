import { kindRef } from '#model';
import type { ValidatingAdmissionPolicyBinding } from './schema.js';

export * from './schema.js';
export const validatingAdmissionPolicyBindings = kindRef<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io.validatingadmissionpolicybindings',
);
