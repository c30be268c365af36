import { on, role, type BootstrapRole } from './notation.js';

/**
 * What loops of Shiplog need beyond the roles of Kubernetes' controllers. Loops send the difference as a patch where
 * Kubernetes' controllers send the whole object as an update, so these grant `patch` where those grant `update`, and nothing
 * else, but for the approval of nodes on the bus. The accounts `metrics-server`, `kube-dns` and `ingress-controller` are no
 * controller's of Kubernetes: the first registers the group of measurements, and may give what it has, the second makes the
 * Service of cluster DNS, the third the class of ingresses that agents serve.
 * `system:shiplog:<account>` is bound to the account of that name.
 */
export const SHIPLOG_ROLES: readonly BootstrapRole[] = [
  role('system:shiplog:deployment-controller', [on('apps', 'deployments deployments/status', 'patch')]),
  role('system:shiplog:replicaset-controller', [on('apps', 'replicasets replicasets/status', 'patch')]),
  role('system:shiplog:disruption-controller', [on('policy', 'poddisruptionbudgets/status', 'patch')]),
  role('system:shiplog:endpoint-controller', [on('', 'endpoints', 'patch')]),
  role('system:shiplog:endpointslice-controller', [on('discovery.k8s.io', 'endpointslices', 'patch')]),
  role('system:shiplog:endpointslicemirroring-controller', [on('discovery.k8s.io', 'endpointslices', 'patch')]),
  role('system:shiplog:horizontal-pod-autoscaler', [on('autoscaling', 'horizontalpodautoscalers/status', 'patch')]),
  role('system:shiplog:namespace-controller', [on('', 'namespaces/finalize namespaces/status', 'patch')]),
  role('system:shiplog:certificate-controller', [
    on('certificates.k8s.io', 'certificatesigningrequests/approval certificatesigningrequests/status', 'patch'),
    on('certificates.k8s.io', 'signers', 'approve', 'shiplog.io/node-bus'),
  ]),
  role('system:shiplog:ingress-controller', [
    on('networking.k8s.io', 'ingressclasses', 'create'),
    on('networking.k8s.io', 'ingresses/status', 'patch'),
  ]),
  role('system:shiplog:cronjob-controller', [on('batch', 'cronjobs/status', 'patch')]),
  role('system:shiplog:job-controller', [on('batch', 'jobs/status', 'patch')]),
  role('system:shiplog:kube-dns', [on('', 'services', 'create'), on('discovery.k8s.io', 'endpointslices', 'create')]),
  role('system:shiplog:metrics-server', [
    on('apiregistration.k8s.io', 'apiservices', 'create'),
    on('rbac.authorization.k8s.io', 'clusterroles', 'create'),
    on('metrics.k8s.io', 'nodes pods', 'get list watch'),
  ]),
  role('system:shiplog:root-ca-cert-publisher', [on('', 'configmaps', 'patch')]),
];
