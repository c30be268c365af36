import { kindRef } from '#model';
import type { ClusterRole } from './clusterrole/schema.js';
import type { ClusterRoleBinding } from './clusterrolebinding/schema.js';
import type { Role } from './role/schema.js';
import type { RoleBinding } from './rolebinding/schema.js';

export const roles = kindRef<Role>('rbac.authorization.k8s.io.roles');
export const clusterRoles = kindRef<ClusterRole>('rbac.authorization.k8s.io.clusterroles');
export const roleBindings = kindRef<RoleBinding>('rbac.authorization.k8s.io.rolebindings');
export const clusterRoleBindings = kindRef<ClusterRoleBinding>('rbac.authorization.k8s.io.clusterrolebindings');
