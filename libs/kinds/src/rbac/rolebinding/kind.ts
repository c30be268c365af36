import { standardKind } from '#model';
import { bindingColumns } from '../columns.js';
import { roleBindingsBySubject } from '../indexes.js';
import { bindingStrategy } from '../binding-strategy.js';
import { roleBinding, type RoleBinding } from './schema.js';

/** Grants a role in one namespace. Its roleRef never changes. */
export const roleBindingKind = standardKind<RoleBinding>({
  names: {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'RoleBinding',
    plural: 'rolebindings',
    namespaced: true,
  },
  schema: roleBinding,
  columns: bindingColumns,
  indexes: [roleBindingsBySubject],
  strategy: bindingStrategy(true),
});
