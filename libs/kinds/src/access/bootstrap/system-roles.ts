import { on, role, urls, type BootstrapRole } from './notation.js';

/** The ClusterRoles of components and of everybody, as Kubernetes 1.35 has them. */
export const SYSTEM_ROLES: readonly BootstrapRole[] = [
  role('system:basic-user', [
    on('authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', 'create'),
    on('authentication.k8s.io', 'selfsubjectreviews', 'create'),
  ]),
  role('system:discovery', [
    urls('/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/', 'get'),
  ]),
  role('system:kube-controller-manager', [
    on(' events.k8s.io', 'events', 'create patch update'),
    on('coordination.k8s.io', 'leases', 'create'),
    on('coordination.k8s.io', 'leases', 'get update', 'kube-controller-manager'),
    on('', 'secrets serviceaccounts', 'create'),
    on('', 'secrets', 'delete'),
    on('', 'configmaps namespaces secrets serviceaccounts', 'get'),
    on('', 'secrets serviceaccounts', 'update'),
    on('authentication.k8s.io', 'tokenreviews', 'create'),
    on('authorization.k8s.io', 'subjectaccessreviews', 'create'),
    on('*', '*', 'list watch'),
    on('', 'serviceaccounts/token', 'create'),
  ]),
  role('system:kube-dns', [on('', 'endpoints services', 'list watch')]),
  role('system:kube-scheduler', [
    on(' events.k8s.io', 'events', 'create patch update'),
    on('coordination.k8s.io', 'leases', 'create'),
    on('coordination.k8s.io', 'leases', 'get list update watch', 'kube-scheduler'),
    on('coordination.k8s.io', 'leasecandidates', 'create delete deletecollection get list patch update watch'),
    on('', 'nodes', 'get list watch'),
    on('', 'pods', 'delete get list watch'),
    on('', 'bindings pods/binding', 'create'),
    on('', 'pods/status', 'patch update'),
    on('', 'replicationcontrollers services', 'get list watch'),
    on('apps extensions', 'replicasets', 'get list watch'),
    on('apps', 'statefulsets', 'get list watch'),
    on('policy', 'poddisruptionbudgets', 'get list watch'),
    on('', 'persistentvolumeclaims persistentvolumes', 'get list watch'),
    on('authentication.k8s.io', 'tokenreviews', 'create'),
    on('authorization.k8s.io', 'subjectaccessreviews', 'create'),
    on('storage.k8s.io', 'csinodes', 'get list watch'),
    on('storage.k8s.io', 'volumeattachments', 'get list watch'),
    on('', 'namespaces', 'get list watch'),
    on('storage.k8s.io', 'csidrivers', 'get list watch'),
    on('storage.k8s.io', 'csistoragecapacities', 'get list watch'),
    on('resource.k8s.io', 'deviceclasses', 'get list watch'),
    on('resource.k8s.io', 'resourceclaims', 'get list patch update watch'),
    on('resource.k8s.io', 'resourceclaims/status', 'get list patch update watch'),
    on('', 'pods/finalizers', 'update'),
    on('resource.k8s.io', 'resourceslices', 'get list watch'),
  ]),
  role('system:monitoring', [
    urls('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*', 'get'),
    on('', 'nodes/metrics', 'get'),
  ]),
  role('system:node-proxier', [
    on('', 'endpoints services', 'list watch'),
    on('', 'nodes', 'get list watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
    on('networking.k8s.io', 'servicecidrs', 'list watch'),
    on('discovery.k8s.io', 'endpointslices', 'list watch'),
  ]),
  role('system:public-info-viewer', [urls('/healthz /livez /readyz /version /version/', 'get')]),
  role('system:service-account-issuer-discovery', [
    urls(
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      'get',
    ),
  ]),
  role('system:volume-scheduler', [
    on('', 'persistentvolumes', 'get list patch update watch'),
    on('storage.k8s.io', 'storageclasses', 'get list watch'),
    on('', 'persistentvolumeclaims', 'get list patch update watch'),
  ]),
  role('cluster-admin', [on('*', '*', '*'), urls('*', '*')]),
  role('system:auth-delegator', [
    on('authentication.k8s.io', 'tokenreviews', 'create'),
    on('authorization.k8s.io', 'subjectaccessreviews', 'create'),
  ]),
  role('system:heapster', [
    on('', 'events namespaces nodes pods', 'get list watch'),
    on('extensions', 'deployments', 'get list watch'),
  ]),
  role('system:kube-aggregator', [on('', 'endpoints services', 'get list watch')]),
  role('system:kubelet-api-admin', [
    on('', 'nodes', 'get list watch'),
    on('', 'nodes', 'proxy'),
    on('', 'nodes/log nodes/metrics nodes/proxy nodes/stats', '*'),
    on('', 'nodes/configz nodes/healthz nodes/pods', '*'),
  ]),
  role('system:node-bootstrapper', [on('certificates.k8s.io', 'certificatesigningrequests', 'create get list watch')]),
  role('system:node-problem-detector', [
    on('', 'nodes', 'get'),
    on('', 'nodes/status', 'patch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:persistent-volume-provisioner', [
    on('', 'persistentvolumes', 'create delete get list watch'),
    on('', 'persistentvolumeclaims', 'get list update watch'),
    on('storage.k8s.io', 'storageclasses', 'get list watch'),
    on('', 'events', 'watch'),
    on(' events.k8s.io', 'events', 'create patch update'),
  ]),
  role('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [
    on('certificates.k8s.io', 'certificatesigningrequests/nodeclient', 'create'),
  ]),
  role('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
    on('certificates.k8s.io', 'certificatesigningrequests/selfnodeclient', 'create'),
  ]),
  role('system:certificates.k8s.io:kube-apiserver-client-approver', [
    on('certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/kube-apiserver-client'),
  ]),
  role('system:certificates.k8s.io:kube-apiserver-client-kubelet-approver', [
    on('certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/kube-apiserver-client-kubelet'),
  ]),
  role('system:certificates.k8s.io:kubelet-serving-approver', [
    on('certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/kubelet-serving'),
  ]),
  role('system:certificates.k8s.io:legacy-unknown-approver', [
    on('certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/legacy-unknown'),
  ]),
];
