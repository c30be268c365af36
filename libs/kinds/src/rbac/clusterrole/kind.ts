import { standardKind } from '#model';
import { roleColumns } from '../columns.js';
import { roleStrategy } from '../role-strategy.js';
import { clusterRole, type ClusterRole } from './schema.js';

/** Rules for the whole cluster, or for a RoleBinding to grant in one namespace. */
export const clusterRoleKind = standardKind<ClusterRole>({
  names: {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'ClusterRole',
    plural: 'clusterroles',
    namespaced: false,
  },
  schema: clusterRole,
  columns: roleColumns,
  strategy: roleStrategy(false),
});
