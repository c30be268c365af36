import type { Subject } from '../../rbac/binding.schema.js';
import { RBAC_GROUP } from '../../rbac/rules.schema.js';

/** Namespace of the service accounts of the control plane. */
export const SYSTEM_NAMESPACE = 'kube-system';

export const user = (name: string): Subject => ({ apiGroup: RBAC_GROUP, kind: 'User', name });
export const group = (name: string): Subject => ({ apiGroup: RBAC_GROUP, kind: 'Group', name });
export const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace: SYSTEM_NAMESPACE });

/** A binding that every cluster has; names are as in `BootstrapRole`. */
export interface BootstrapBinding {
  readonly name: string;
  /** Of a ClusterRole for a ClusterRoleBinding, of a Role of its namespace for a RoleBinding. */
  readonly role: string;
  readonly subjects: readonly Subject[];
}

const cluster = (role: string, ...subjects: readonly Subject[]): BootstrapBinding => ({ name: role, role, subjects });

/** Who gets the roles of the system, as Kubernetes 1.35 has it. Each controller also gets the role of its name. */
export const CLUSTER_BINDINGS: readonly BootstrapBinding[] = [
  cluster('cluster-admin', group('system:masters')),
  cluster('system:monitoring', group('system:monitoring')),
  cluster('system:discovery', group('system:authenticated')),
  cluster('system:basic-user', group('system:authenticated')),
  cluster('system:public-info-viewer', group('system:authenticated'), group('system:unauthenticated')),
  cluster('system:node-proxier', user('system:kube-proxy')),
  cluster('system:kube-controller-manager', user('system:kube-controller-manager')),
  cluster('system:kube-dns', account('kube-dns')),
  cluster('system:kube-scheduler', user('system:kube-scheduler')),
  cluster('system:volume-scheduler', user('system:kube-scheduler')),
  cluster('system:node'),
  cluster('system:service-account-issuer-discovery', group('system:serviceaccounts')),
];

const MANAGER = user('system:kube-controller-manager');
const SCHEDULER = user('system:kube-scheduler');

export const NAMESPACE_BINDINGS: readonly BootstrapBinding[] = [
  {
    name: 'kube-public/system:controller:bootstrap-signer',
    role: 'system:controller:bootstrap-signer',
    subjects: [account('bootstrap-signer')],
  },
  {
    name: 'kube-system/system::extension-apiserver-authentication-reader',
    role: 'extension-apiserver-authentication-reader',
    subjects: [MANAGER, SCHEDULER],
  },
  {
    name: 'kube-system/system::leader-locking-kube-controller-manager',
    role: 'system::leader-locking-kube-controller-manager',
    subjects: [MANAGER, account('kube-controller-manager')],
  },
  {
    name: 'kube-system/system::leader-locking-kube-scheduler',
    role: 'system::leader-locking-kube-scheduler',
    subjects: [SCHEDULER, account('kube-scheduler')],
  },
  ...['bootstrap-signer', 'cloud-provider', 'token-cleaner'].map((name) => ({
    name: `kube-system/system:controller:${name}`,
    role: `system:controller:${name}`,
    subjects: [account(name)],
  })),
];
