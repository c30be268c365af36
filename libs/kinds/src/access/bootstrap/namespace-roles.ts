import { on, role, type BootstrapRole } from './notation.js';

/** The Roles of kube-system and kube-public, by namespace and name. */
export const NAMESPACE_ROLES: readonly BootstrapRole[] = [
  role('kube-public/system:controller:bootstrap-signer', [
    on('', 'configmaps', 'get list watch'),
    on('', 'configmaps', 'update', 'cluster-info'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('kube-system/extension-apiserver-authentication-reader', [
    on('', 'configmaps', 'get list watch', 'extension-apiserver-authentication'),
  ]),
  role('kube-system/system::leader-locking-kube-controller-manager', [
    on('coordination.k8s.io', 'leases', 'create get list update watch'),
    on('coordination.k8s.io', 'leasecandidates', 'create get list update watch'),
  ]),
  role('kube-system/system::leader-locking-kube-scheduler', [
    on('coordination.k8s.io', 'leases', 'create get list update watch'),
    on('coordination.k8s.io', 'leasecandidates', 'create get list update watch'),
  ]),
  role('kube-system/system:controller:bootstrap-signer', [on('', 'secrets', 'get list watch')]),
  role('kube-system/system:controller:cloud-provider', [on('', 'configmaps', 'create get list watch')]),
  role('kube-system/system:controller:token-cleaner', [
    on('', 'secrets', 'delete get list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
];
