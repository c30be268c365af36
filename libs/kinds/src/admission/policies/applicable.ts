import type { Kind, View } from '#model';
import { namingKind } from '../../admissionregistration/resource-pairs.js';
import { policiesByResource } from '../../admissionregistration/validatingadmissionpolicy/indexes.js';
import type { ValidatingAdmissionPolicy } from '../../admissionregistration/validatingadmissionpolicy/schema.js';
import { bindingsByPolicy } from '../../admissionregistration/validatingadmissionpolicybinding/indexes.js';
import type { ValidatingAdmissionPolicyBinding } from '../../admissionregistration/validatingadmissionpolicybinding/schema.js';

/** Policies whose rules name a kind in one of its versions, in the order of their names. */
export function policiesFor(view: View, kind: Kind): readonly ValidatingAdmissionPolicy[] {
  return namingKind(view, policiesByResource, kind);
}

export function bindingsOf(view: View, policy: ValidatingAdmissionPolicy): readonly ValidatingAdmissionPolicyBinding[] {
  return view.by(bindingsByPolicy, policy.metadata.name);
}
