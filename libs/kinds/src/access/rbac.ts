import { covers, type AccessAttributes, type AccessVerdict, type PolicyRule, type UserInfo, type View } from '#model';
import type { RoleRef } from '../rbac/binding.schema.js';

import { clusterRoles, roles } from '../rbac/refs.js';
import { items } from '../validation/checks.js';
import type { AnyBinding } from '../rbac/indexes.js';
import { bindingsOf, subjectOf } from './bindings.js';

/** The rules that a user's bindings grant, and which of the roles do not exist. */
export interface GrantedRules {
  readonly rules: readonly PolicyRule[];
  readonly errors: readonly string[];
}

/** Asks the bindings of a user one after the other; the first rule that covers what is asked decides. */
export function authorizeByRoles(view: View, user: UserInfo, asked: AccessAttributes): AccessVerdict {
  const errors: string[] = [];
  for (const binding of bindingsOf(view, user, asked.isResource ? asked.namespace : '')) {
    const { roleRef, metadata } = binding;
    const rules = rulesOf(view, roleRef, metadata.namespace);
    if (rules === undefined) {
      errors.push(missing(roleRef));
      continue;
    }
    const rule = rules.find((one) => covers(one, asked));
    if (rule === undefined) continue;
    const isOfAnyName = (rule.resourceNames ?? []).length === 0;
    return { allowed: true, reason: grantedBy(binding, user), ...(isOfAnyName && { ofAnyName: true }) };
  }
  return { allowed: false, reason: errors.length > 0 ? `RBAC: ${aggregate(errors)}` : '' };
}

/** All rules that hold for a user in a namespace, each as it is written. */
export function rulesFor(view: View, user: UserInfo, namespace: string): GrantedRules {
  const rules: PolicyRule[] = [];
  const errors: string[] = [];
  for (const binding of bindingsOf(view, user, namespace)) {
    const own = rulesOf(view, binding.roleRef, binding.metadata.namespace);
    if (own === undefined) errors.push(missing(binding.roleRef));
    else for (const rule of own) rules.push(rule);
  }
  return { rules, errors };
}

/** The rules of the role that a binding of a namespace (or of the cluster) names; undefined when it does not exist. */
export function rulesOf(view: View, { kind, name }: RoleRef, namespace: string | undefined) {
  const role = kind === 'Role' ? view.get(roles, namespace, name) : view.get(clusterRoles, undefined, name);
  return role && items(role.rules);
}

/** Several errors as Go's aggregates print them: each once, in brackets when there are more than one. */
export function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`;
}

const missing = ({ kind, name }: RoleRef): string =>
  `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;

function grantedBy(binding: AnyBinding, user: UserInfo): string {
  const { roleRef, metadata } = binding;
  const subject = subjectOf(binding, user);
  if (subject === undefined) return '';
  const { namespace, name } = metadata;
  const [kind, place] =
    namespace === undefined ? ['ClusterRoleBinding', name] : ['RoleBinding', `${name}/${namespace}`];
  const who =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || (namespace ?? '')}` : subject.name;
  const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
  return `RBAC: allowed by ${kind} ${JSON.stringify(place)} of ${role} to ${subject.kind} ${JSON.stringify(who)}`;
}
