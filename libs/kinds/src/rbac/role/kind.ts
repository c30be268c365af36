import { standardKind } from '#model';
import { roleColumns } from '../columns.js';
import { roleStrategy } from '../role-strategy.js';
import { role, type Role } from './schema.js';

/** Rules for the resources of one namespace. */
export const roleKind = standardKind<Role>({
  names: { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles', namespaced: true },
  schema: role,
  columns: roleColumns,
  strategy: roleStrategy(true),
});
