import type { UserInfo, View } from '#model';
import type { Subject } from '../rbac/binding.schema.js';
import {
  clusterRoleBindingsBySubject,
  groupKey,
  inNamespace,
  roleBindingsBySubject,
  subjectKey,
  userKey,
  type AnyBinding,
} from '../rbac/indexes.js';

const NONE: readonly AnyBinding[] = [];

/**
 * The bindings that name a user, each once: those of the whole cluster first, then those of the namespace if there is one, by
 * name. Costs what is found and the number of the user's groups, however many bindings name others.
 */
export function bindingsOf(view: View, { name, groups }: UserInfo, namespace: string): readonly AnyBinding[] {
  const keys = [userKey(name), ...groups.map(groupKey)];
  const ofCluster = merged(keys.map((key) => view.by(clusterRoleBindingsBySubject, key)));
  if (namespace === '') return ofCluster;
  const ofNamespace = merged(keys.map((key) => view.by(roleBindingsBySubject, inNamespace(namespace, key))));
  if (ofNamespace.length === 0) return ofCluster;
  return ofCluster.length === 0 ? ofNamespace : [...ofCluster, ...ofNamespace];
}

function merged(lists: readonly (readonly AnyBinding[])[]): readonly AnyBinding[] {
  const found = lists.filter(({ length }) => length > 0);
  if (found.length < 2) return found[0] ?? NONE;
  const all = [...new Set(found.flat())];
  return all.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** The first subject of a binding that is the user or one of the user's groups. */
export function subjectOf({ subjects = [], metadata }: AnyBinding, { name, groups }: UserInfo): Subject | undefined {
  const keys = new Set([userKey(name), ...groups.map(groupKey)]);
  return subjects.find((subject) => keys.has(subjectKey(subject, metadata.namespace) ?? ''));
}
