import { dns1123Subdomain, invalid, notSupported, pathSegment, required } from '#meta';
import { jsonEquals } from '#std';
import { each, items, type Problems } from '../validation/checks.js';
import type { RoleRef, Subject } from './binding.schema.js';
import { RBAC_GROUP } from './rules.schema.js';

export interface Binding {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

/** Users, groups and roles are of the group of RBAC unless something else is said. */
export function defaultBinding<B extends Binding>(binding: B): B {
  const { subjects, roleRef } = binding;
  return {
    ...binding,
    ...(!roleRef.apiGroup && { roleRef: { ...roleRef, apiGroup: RBAC_GROUP } }),
    ...(subjects && { subjects: subjects.map(defaultSubject) }),
  };
}
function defaultSubject(subject: Subject): Subject {
  const isOfRbac = subject.kind === 'User' || subject.kind === 'Group';
  return isOfRbac && !subject.apiGroup ? { ...subject, apiGroup: RBAC_GROUP } : subject;
}

/** `kinds`: the kinds of roles that a binding of this kind may name. */
export function validateBinding(
  { roleRef, subjects }: Binding,
  kinds: readonly string[],
  isNamespaced: boolean,
): Problems {
  const { apiGroup, kind, name } = roleRef;
  return [
    ...(apiGroup === RBAC_GROUP ? [] : [notSupported('roleRef.apiGroup', apiGroup, [RBAC_GROUP])]),
    ...(kinds.includes(kind) ? [] : [notSupported('roleRef.kind', kind, kinds)]),
    ...(name === '' ? [required('roleRef.name')] : each('roleRef.name', name, pathSegment(name))),
    ...items(subjects).flatMap((subject, i) => validateSubject(`subjects[${i}]`, subject, isNamespaced)),
  ];
}

export function validateRoleRefKept({ roleRef }: Binding, old: Binding): Problems {
  if (jsonEquals(roleRef, old.roleRef)) return [];
  const { apiGroup, kind, name } = roleRef;
  return [invalid('roleRef', { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef')];
}

function validateSubject(field: string, subject: Subject, isNamespaced: boolean): Problems {
  const { kind, name, apiGroup = '', namespace = '' } = subject;
  const nameless = name === '' ? [required(`${field}.name`)] : [];
  const group = (supported: string): Problems =>
    apiGroup === supported ? [] : [notSupported(`${field}.apiGroup`, apiGroup, [supported])];
  switch (kind) {
    case 'ServiceAccount':
      return [
        ...nameless,
        ...(name === '' ? [] : each(`${field}.name`, name, dns1123Subdomain(name))),
        ...group(''),
        ...(!isNamespaced && namespace === '' ? [required(`${field}.namespace`)] : []),
      ];
    case 'User':
    case 'Group':
      return [...nameless, ...group(RBAC_GROUP)];
    default:
      return [...nameless, notSupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  }
}
