import { standardKind } from '#model';
import { bindingColumns } from '../columns.js';
import { clusterRoleBindingsBySubject } from '../indexes.js';
import { bindingStrategy } from '../binding-strategy.js';
import { clusterRoleBinding, type ClusterRoleBinding } from './schema.js';

/** Grants a ClusterRole in the whole cluster. Its roleRef never changes. */
export const clusterRoleBindingKind = standardKind<ClusterRoleBinding>({
  names: {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    namespaced: false,
  },
  schema: clusterRoleBinding,
  columns: bindingColumns,
  indexes: [clusterRoleBindingsBySubject],
  strategy: bindingStrategy(false),
});
