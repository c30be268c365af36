import { kindRef } from '#model';
import type { ValidatingAdmissionPolicy } from './schema.js';

export * from './schema.js';
export const validatingAdmissionPolicies = kindRef<ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io.validatingadmissionpolicies',
);
export { typeWarnings } from './type-check.js';
