import type { KubeObject, ObjectIndex } from '#model';
import type { RoleRef, Subject } from './binding.schema.js';
import { clusterRoleBindings, roleBindings } from './refs.js';

export interface AnyBinding extends KubeObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

export const userKey = (name: string): string => `u${name}`;
export const groupKey = (name: string): string => `g${name}`;

/** A service account is the user of its name; one without a namespace is of the namespace of its binding. */
export function subjectKey({ kind, name, namespace }: Subject, home: string | undefined): string | undefined {
  if (kind === 'User') return userKey(name);
  if (kind === 'Group') return groupKey(name);
  const where = namespace || home;
  return kind === 'ServiceAccount' && where ? userKey(`system:serviceaccount:${where}:${name}`) : undefined;
}

/** ClusterRoleBindings by {@link subjectKey}. */
export const clusterRoleBindingsBySubject: ObjectIndex<AnyBinding> = {
  name: 'cluster role bindings by subject',
  kind: clusterRoleBindings,
  values: keysOf,
  part: ({ subjects }) => subjects,
};

/** RoleBindings by {@link inNamespace} of {@link subjectKey}. */
export const roleBindingsBySubject: ObjectIndex<AnyBinding> = {
  name: 'role bindings by subject',
  kind: roleBindings,
  values: (binding) => keysOf(binding).map((key) => inNamespace(binding.metadata.namespace ?? '', key)),
  part: ({ subjects }) => subjects,
};
export const inNamespace = (namespace: string, key: string): string => `${namespace}/${key}`;

function keysOf({ subjects, metadata }: AnyBinding): readonly string[] {
  const keys = new Set<string>();
  for (const subject of subjects ?? []) {
    const key = subjectKey(subject, metadata.namespace);
    if (key !== undefined) keys.add(key);
  }
  return [...keys];
}
