import type { Kind, View } from '#model';
import { policiesByResource } from '../../admissionregistration/validatingadmissionpolicy/indexes.js';
import type { ValidatingAdmissionPolicy } from '../../admissionregistration/validatingadmissionpolicy/schema.js';
import { bindingsByPolicy } from '../../admissionregistration/validatingadmissionpolicybinding/indexes.js';
import type { ValidatingAdmissionPolicyBinding } from '../../admissionregistration/validatingadmissionpolicybinding/schema.js';

/** Policies whose rules name a kind in one of its versions, in the order of their names. */
export function policiesFor(view: View, kind: Kind): readonly ValidatingAdmissionPolicy[] {
  const found = new Map<string, ValidatingAdmissionPolicy>();
  for (const pair of pairsOf(kind)) {
    for (const policy of view.by(policiesByResource, pair)) found.set(policy.metadata.name, policy);
  }
  return [...found.values()].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
}

const known = new WeakMap<Kind, readonly string[]>();

/** What rules may write for a kind. Every write asks, so it is remembered. */
function pairsOf(kind: Kind): readonly string[] {
  let pairs = known.get(kind);
  if (!pairs) {
    const { group, plural } = kind.names;
    const groups = new Set([group, ...kind.served.map((one) => one.group), '*']);
    pairs = [...groups].flatMap((one) => [`${one}/${plural}`, `${one}/*`]);
    known.set(kind, pairs);
  }
  return pairs;
}

export function bindingsOf(view: View, policy: ValidatingAdmissionPolicy): readonly ValidatingAdmissionPolicyBinding[] {
  return view.by(bindingsByPolicy, policy.metadata.name);
}
