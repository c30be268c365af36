import type { KubeObject, View } from '#model';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../rbac/refs.js';
import { RBAC_GROUP } from '../../rbac/rules.schema.js';
import { account, CLUSTER_BINDINGS, NAMESPACE_BINDINGS, user, type BootstrapBinding } from './bindings.js';
import { CONTROLLER_ROLES_A_M } from './controller-roles-a-m.js';
import { CONTROLLER_ROLES_N_Z } from './controller-roles-n-z.js';
import { NAMESPACE_ROLES } from './namespace-roles.js';
import { NODE_RULES } from './node-role.js';
import { role, type BootstrapRole } from './notation.js';
import { SHIPLOG_ROLES } from './shiplog-roles.js';
import { SYSTEM_ROLES } from './system-roles.js';
import { USER_ROLES } from './user-roles.js';

/** `true`: a start adds what is missing; `false`: it leaves the object alone. */
export const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const CONTROLLER = 'system:controller:';
const SHIPLOG = 'system:shiplog:';

/** An object to be created as it stands here. */
export type BootstrapObject = Pick<KubeObject, 'apiVersion' | 'kind'> & {
  readonly metadata: Pick<KubeObject['metadata'], 'name' | 'namespace' | 'labels' | 'annotations'>;
} & Readonly<Record<string, unknown>>;

const CONTROLLER_ROLES = [...CONTROLLER_ROLES_A_M, ...CONTROLLER_ROLES_N_Z];
const CLUSTER_ROLES = [
  ...SYSTEM_ROLES,
  role('system:node', NODE_RULES),
  ...USER_ROLES,
  ...CONTROLLER_ROLES,
  ...SHIPLOG_ROLES,
];
const bindingOf = ({ name }: BootstrapRole): BootstrapBinding => {
  const who = name.replace(CONTROLLER, '').replace(SHIPLOG, '');
  return { name, role: name, subjects: [who.startsWith('system:') ? user(who) : account(who)] };
};

/** The roles and bindings that every cluster has, in the order in which they are made. */
export const bootstrapObjects: readonly BootstrapObject[] = [
  ...CLUSTER_ROLES.map((one) => roleObject('ClusterRole', one)),
  ...NAMESPACE_ROLES.map((one) => roleObject('Role', one)),
  ...[...CLUSTER_BINDINGS, ...[...CONTROLLER_ROLES, ...SHIPLOG_ROLES].map(bindingOf)].map((one) =>
    bindingObject('ClusterRoleBinding', 'ClusterRole', one),
  ),
  ...NAMESPACE_BINDINGS.map((one) => bindingObject('RoleBinding', 'Role', one)),
];

const KINDS = {
  Role: roles,
  ClusterRole: clusterRoles,
  RoleBinding: roleBindings,
  ClusterRoleBinding: clusterRoleBindings,
};

/** The kind of a bootstrap object. */
export function kindOf({ kind }: BootstrapObject) {
  return KINDS[kind as keyof typeof KINDS];
}

/** Whether all roles and bindings that every cluster has are there: until then the control plane's loops may do nothing. */
export function isBootstrapped(view: View): boolean {
  return bootstrapObjects.every((object) => {
    const { namespace, name } = object.metadata;
    return view.get(kindOf(object), namespace, name) !== undefined;
  });
}

function roleObject(kind: string, { name, rules, of, into }: BootstrapRole): BootstrapObject {
  const label = (part: string): string => `${RBAC_GROUP}/aggregate-to-${part}`;
  const labels = into === undefined ? {} : { [label(into)]: 'true' };
  const aggregationRule = of !== undefined && { clusterRoleSelectors: [{ matchLabels: { [label(of)]: 'true' } }] };
  const base = baseOf(kind, name, labels);
  return aggregationRule ? { ...base, aggregationRule } : { ...base, rules };
}

function bindingObject(
  kind: string,
  roleKind: string,
  { name, role: of, subjects }: BootstrapBinding,
): BootstrapObject {
  const roleRef = { apiGroup: RBAC_GROUP, kind: roleKind, name: of };
  return { ...baseOf(kind, name, {}), roleRef, ...(subjects.length > 0 && { subjects }) };
}

function baseOf(kind: string, place: string, labels: Readonly<Record<string, string>>): BootstrapObject {
  const slash = place.indexOf('/');
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind,
    metadata: {
      name: place.slice(slash + 1),
      ...(slash >= 0 && { namespace: place.slice(0, slash) }),
      annotations: { [AUTOUPDATE]: 'true' },
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    },
  };
}
