import { on, role, type BootstrapRole } from './notation.js';

/** The roles of controllers, as Kubernetes 1.35 has them; the second half by name. */
export const CONTROLLER_ROLES_N_Z: readonly BootstrapRole[] = [
  role('system:controller:namespace-controller', [
    on('', 'namespaces', 'delete get list watch'),
    on('', 'namespaces/finalize namespaces/status', 'update'),
    on('*', '*', 'delete deletecollection get list watch'),
  ]),
  role('system:controller:node-controller', [
    on('', 'nodes', 'delete get list patch update watch'),
    on('', 'nodes/status', 'patch update'),
    on('', 'pods/status', 'patch update'),
    on('', 'pods', 'delete get list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:persistent-volume-binder', [
    on('', 'persistentvolumes', 'create delete get list update watch'),
    on('', 'persistentvolumes/status', 'update'),
    on('', 'persistentvolumeclaims', 'get list update watch'),
    on('', 'persistentvolumeclaims/status', 'update'),
    on('', 'pods', 'create delete get list watch'),
    on('storage.k8s.io', 'storageclasses', 'get list watch'),
    on('', 'nodes', 'list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
    on('', 'events', 'watch'),
    on('', 'services', 'get'),
  ]),
  role('system:controller:pod-garbage-collector', [
    on('', 'pods', 'delete list watch'),
    on('', 'nodes', 'get list watch'),
    on('', 'pods/status', 'patch'),
  ]),
  role('system:controller:pv-protection-controller', [
    on('', 'persistentvolumes', 'get list update watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:pvc-protection-controller', [
    on('', 'persistentvolumeclaims', 'get list update watch'),
    on('', 'pods', 'get list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:replicaset-controller', [
    on('apps extensions', 'replicasets', 'get list update watch'),
    on('apps extensions', 'replicasets/status', 'update'),
    on('apps extensions', 'replicasets/finalizers', 'update'),
    on('', 'pods', 'create delete list patch watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:replication-controller', [
    on('', 'replicationcontrollers', 'get list update watch'),
    on('', 'replicationcontrollers/status', 'update'),
    on('', 'replicationcontrollers/finalizers', 'update'),
    on('', 'pods', 'create delete list patch watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:resource-claim-controller', [
    on('', 'pods', 'get list watch'),
    on('', 'pods/finalizers', 'update'),
    on('resource.k8s.io', 'resourceclaims', 'create delete get list watch'),
    on('resource.k8s.io', 'resourceclaims resourceclaims/status', 'patch update'),
    on('', 'pods/status', 'patch update'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:resourcequota-controller', [
    on('*', '*', 'list watch'),
    on('', 'resourcequotas/status', 'update'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:root-ca-cert-publisher', [
    on('', 'configmaps', 'create update'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:route-controller', [
    on('', 'nodes', 'list watch'),
    on('', 'nodes/status', 'patch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:selinux-warning-controller', [
    on(' events.k8s.io', 'events', 'create patch update'),
    on('', 'persistentvolumes', 'get list watch'),
    on('', 'persistentvolumeclaims', 'get list watch'),
    on('', 'pods', 'get list watch'),
    on('storage.k8s.io', 'csidrivers', 'get list watch'),
  ]),
  role('system:controller:service-account-controller', [
    on('', 'serviceaccounts', 'create'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:service-cidrs-controller', [
    on('networking.k8s.io', 'servicecidrs', 'get list patch update watch'),
    on('networking.k8s.io', 'servicecidrs/finalizers', 'patch update'),
    on('networking.k8s.io', 'servicecidrs/status', 'patch update'),
    on('networking.k8s.io', 'ipaddresses', 'get list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:service-controller', [
    on('', 'services', 'get list watch'),
    on('', 'services/status', 'patch update'),
    on('', 'nodes', 'list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:statefulset-controller', [
    on('', 'pods', 'list watch'),
    on('apps', 'statefulsets', 'get list watch'),
    on('apps', 'statefulsets/status', 'update'),
    on('apps', 'statefulsets/finalizers', 'update'),
    on('', 'pods', 'create delete get patch update'),
    on('apps', 'controllerrevisions', 'create delete get list patch update watch'),
    on('', 'persistentvolumeclaims', 'create get list watch'),
    on('', 'persistentvolumeclaims', 'delete update'),
    on('', 'pods/finalizers', 'update'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:ttl-after-finished-controller', [
    on('batch', 'jobs', 'delete get list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:ttl-controller', [
    on('', 'nodes', 'list patch update watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:validatingadmissionpolicy-status-controller', [
    on('admissionregistration.k8s.io', 'validatingadmissionpolicies', 'get list watch'),
    on('admissionregistration.k8s.io', 'validatingadmissionpolicies/status', 'get patch update'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:controller:volumeattributesclass-protection-controller', [
    on('', 'persistentvolumeclaims', 'get list watch'),
    on('', 'persistentvolumes', 'get list watch'),
    on('storage.k8s.io', 'volumeattributesclasses', 'get list update watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
];
