import type { PolicyRule } from '#model';

const on = (group: string, resources: readonly string[], verbs: readonly string[]): PolicyRule => ({
  verbs,
  apiGroups: [group],
  resources,
});
const READ = ['get', 'list', 'watch'];
/** Kubernetes' controllers send whole objects, the loops send patches: whoever may do the one may do the other. */
const CHANGE = ['update', 'patch'];
const EVENTS: PolicyRule = {
  verbs: ['create', ...CHANGE],
  apiGroups: ['', 'events.k8s.io'],
  resources: ['events'],
};

/** Roles of the service accounts in kube-system that Kubernetes' controllers have, by account. */
export const CONTROLLER_ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'deployment-controller': [
    on('apps', ['deployments'], [...READ, ...CHANGE]),
    on('apps', ['deployments/status', 'deployments/finalizers'], CHANGE),
    on('apps', ['replicasets'], [...READ, 'create', ...CHANGE, 'delete']),
    on('', ['pods'], [...READ, 'update']),
    EVENTS,
  ],
  'replicaset-controller': [
    on('apps', ['replicasets'], [...READ, ...CHANGE]),
    on('apps', ['replicasets/status', 'replicasets/finalizers'], CHANGE),
    on('', ['pods'], [...READ, 'create', 'patch', 'delete']),
    EVENTS,
  ],
  'endpoint-controller': [
    on('', ['services', 'pods'], READ),
    on('', ['endpoints'], [...READ, 'create', ...CHANGE, 'delete']),
    on('', ['endpoints/restricted'], ['create']),
    on('', ['services/finalizers'], ['update']),
    EVENTS,
  ],
  'endpointslice-controller': [
    on('', ['services', 'pods', 'nodes'], READ),
    on('', ['services/finalizers'], ['update']),
    on('discovery.k8s.io', ['endpointslices'], [...READ, 'create', ...CHANGE, 'delete']),
    on('discovery.k8s.io', ['endpointslices/restricted'], ['create']),
    EVENTS,
  ],
  'endpointslicemirroring-controller': [
    on('', ['services', 'endpoints'], READ),
    on('', ['services/finalizers', 'endpoints/finalizers'], ['update']),
    on('discovery.k8s.io', ['endpointslices'], [...READ, 'create', ...CHANGE, 'delete']),
    on('discovery.k8s.io', ['endpointslices/restricted'], ['create']),
    EVENTS,
  ],
  'namespace-controller': [
    on('', ['namespaces'], [...READ, 'delete']),
    on('', ['namespaces/finalize', 'namespaces/status'], CHANGE),
    on('*', ['*'], ['get', 'list', 'delete', 'deletecollection']),
  ],
  'service-account-controller': [on('', ['serviceaccounts'], ['create']), EVENTS],
  'root-ca-cert-publisher': [on('', ['configmaps'], ['create', ...CHANGE]), EVENTS],
  'generic-garbage-collector': [on('*', ['*'], [...READ, ...CHANGE, 'delete']), EVENTS],
  'pod-garbage-collector': [
    on('', ['pods'], ['list', 'watch', 'delete']),
    on('', ['nodes'], ['get', 'list']),
    on('', ['pods/status'], ['patch']),
  ],
  'node-controller': [
    on('', ['nodes'], ['get', 'list', ...CHANGE, 'delete']),
    on('', ['nodes/status'], CHANGE),
    on('', ['pods/status'], CHANGE),
    on('', ['pods'], ['get', 'list', 'watch', 'delete']),
    EVENTS,
  ],
  // In Kubernetes the API server does this itself, as a member of system:masters. Here it is a loop with what that needs.
  'cluster-bootstrap': [
    on('', ['namespaces', 'services', 'endpoints'], [...READ, 'create', ...CHANGE]),
    on('discovery.k8s.io', ['endpointslices'], [...READ, 'create', ...CHANGE]),
  ],
};

/** Kubernetes' role of its scheduler, which is a user there and a service account like the others here. */
export const SCHEDULER_ACCOUNT = 'kube-scheduler';
export const SCHEDULER_ROLE: readonly PolicyRule[] = [
  on('', ['nodes', 'namespaces'], READ),
  on('', ['pods'], [...READ, 'delete']),
  on('', ['bindings', 'pods/binding'], ['create']),
  on('', ['pods/status'], CHANGE),
  on('', ['replicationcontrollers', 'services', 'persistentvolumes'], READ),
  on('', ['persistentvolumeclaims'], [...READ, ...CHANGE]),
  on('apps', ['replicasets', 'statefulsets'], READ),
  on('policy', ['poddisruptionbudgets'], READ),
  on('storage.k8s.io', ['storageclasses', 'csinodes', 'csidrivers', 'csistoragecapacities'], READ),
  EVENTS,
];

/**
 * What the agent of a node writes through the health app. The health app lets it change its own pods only; `ofNode` holds
 * what names the node itself.
 */
export const NODE_ROLE: readonly PolicyRule[] = [
  on('', ['pods'], ['get', 'create', 'delete']),
  on('', ['pods/status'], CHANGE),
  EVENTS,
];
export const ofNode = (name: string): readonly PolicyRule[] => [
  on('', ['nodes'], ['create']),
  { ...on('', ['nodes', 'nodes/status'], ['get', ...CHANGE]), resourceNames: [name] },
];
