import {
  boolean,
  f,
  type Infer,
  int32,
  int64,
  list,
  map,
  named,
  object,
  quantity,
  req,
  string,
  labelSelector,
  localObjectReference,
} from '#model';
import { affinity } from './affinity.schema.js';
import { container } from './container.schema.js';
import { ephemeralContainer } from './ephemeral-container.schema.js';
import { resourceRequirements } from './resources.schema.js';
import { podSecurityContext } from './security.schema.js';
import { volume } from './volumes.schema.js';

export const podDNSConfigOption = object('io.k8s.api.core.v1.PodDNSConfigOption', 'An option of the resolver.', {
  name: f(string, 1, 'Name of the option.'),
  value: f(string, 2, 'Its value, where it has one.', { pointer: true }),
});
export type PodDNSConfigOption = Infer<typeof podDNSConfigOption>;

export const podDNSConfig = object(
  'io.k8s.api.core.v1.PodDNSConfig',
  'Settings of the resolver besides what dnsPolicy gives.',
  {
    nameservers: f(list(string), 1, 'Addresses of name servers.', { listType: 'atomic' }),
    searches: f(list(string), 2, 'Domains in which short names are looked for.', { listType: 'atomic' }),
    options: f(list(podDNSConfigOption), 3, 'Options of the resolver.', { listType: 'atomic' }),
  },
);
export type PodDNSConfig = Infer<typeof podDNSConfig>;

export const hostAlias = object('io.k8s.api.core.v1.HostAlias', "A line of the pod's hosts file.", {
  ip: req(string, 1, 'The address.'),
  hostnames: f(list(string), 2, 'Names for the address.', { listType: 'atomic' }),
});
export type HostAlias = Infer<typeof hostAlias>;

export const podOS = object('io.k8s.api.core.v1.PodOS', 'Operating system that the containers are made for.', {
  name: req(string, 1, 'linux or windows.'),
});
export type PodOS = Infer<typeof podOS>;

export const podReadinessGate = object(
  'io.k8s.api.core.v1.PodReadinessGate',
  'A condition that must hold before the pod is ready.',
  {
    conditionType: req(string, 1, "Type of the condition in the pod's status."),
  },
);
export type PodReadinessGate = Infer<typeof podReadinessGate>;

export const podResourceClaim = object(
  'io.k8s.api.core.v1.PodResourceClaim',
  'A claim on devices that containers can use.',
  {
    name: req(string, 1, 'Name by which containers call it.'),
    resourceClaimName: f(string, 3, 'A claim that is there already.', { pointer: true }),
    resourceClaimTemplateName: f(string, 4, 'Template of which a claim is made for this pod.', { pointer: true }),
  },
);
export type PodResourceClaim = Infer<typeof podResourceClaim>;

export const podSchedulingGate = object(
  'io.k8s.api.core.v1.PodSchedulingGate',
  'Something that the pod waits for before it is placed.',
  {
    name: req(string, 1, 'Name of the gate.'),
  },
);
export type PodSchedulingGate = Infer<typeof podSchedulingGate>;

export const toleration = object('io.k8s.api.core.v1.Toleration', 'A taint of nodes that does not keep the pod away.', {
  key: f(string, 1, 'Key of the taint; empty, with Exists, is every taint.'),
  operator: f(named('v1.TolerationOperator'), 2, 'Exists, or Equal to compare the value too.'),
  value: f(string, 3, 'Value of the taint, for Equal.'),
  effect: f(named('v1.TaintEffect'), 4, 'Effect of the taint; empty is all of them.'),
  tolerationSeconds: f(int64, 5, 'How long a NoExecute taint is borne; for ever where nothing is said.', {
    pointer: true,
  }),
});
export type Toleration = Infer<typeof toleration>;

export const topologySpreadConstraint = object(
  'io.k8s.api.core.v1.TopologySpreadConstraint',
  'How evenly pods are spread over parts of the cluster.',
  {
    maxSkew: req(int32, 1, 'How many pods more than the emptiest part any part may have.'),
    topologyKey: req(string, 2, 'Node label whose values are the parts.'),
    whenUnsatisfiable: req(
      named('v1.UnsatisfiableConstraintAction'),
      3,
      'DoNotSchedule waits for an even place, ScheduleAnyway only prefers it.',
    ),
    labelSelector: f(labelSelector, 4, 'Labels of the pods that are counted.'),
    minDomains: f(int32, 5, 'How many parts there must be for an even spread.', { pointer: true }),
    nodeAffinityPolicy: f(
      string,
      6,
      'Whether nodes that the pod cannot use count: Honor leaves them out, Ignore counts them.',
      { pointer: true },
    ),
    nodeTaintsPolicy: f(
      named('v1.NodeInclusionPolicy'),
      7,
      'Whether tainted nodes count: Honor leaves them out, Ignore counts them.',
      {
        pointer: true,
      },
    ),
    matchLabelKeys: f(list(string), 8, 'Labels of the incoming pod whose values counted pods must share.', {
      listType: 'atomic',
    }),
  },
);
export type TopologySpreadConstraint = Infer<typeof topologySpreadConstraint>;

export const workloadReference = object(
  'io.k8s.api.core.v1.WorkloadReference',
  'The workload and group that a pod is placed together with.',
  {
    name: req(string, 1, 'Name of the workload.'),
    podGroup: req(string, 2, 'Group of the workload.'),
    podGroupReplicaKey: f(string, 3, 'Which copy of the group.'),
  },
);
export type WorkloadReference = Infer<typeof workloadReference>;

export const podSpec = object('io.k8s.api.core.v1.PodSpec', 'What a pod is to run and how.', {
  volumes: f(list(volume), 1, 'Volumes that the containers can mount.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  initContainers: f(list(container), 20, 'Containers that run, one after another, before the others start.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  containers: req(list(container), 2, 'The containers; there is at least one.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
    always: null,
  }),
  ephemeralContainers: f(
    list(ephemeralContainer),
    34,
    'Containers added to the running pod; only through their own subresource.',
    { listType: 'map', mapKeys: ['name'], mergeKey: 'name', patchStrategy: 'merge' },
  ),
  restartPolicy: f(named('v1.RestartPolicy'), 3, 'When containers are started again: Always, OnFailure or Never.', {
    fill: 'Always',
  }),
  terminationGracePeriodSeconds: f(int64, 4, 'Seconds from being told to end until being made to end.', {
    fill: 30,
    pointer: true,
  }),
  activeDeadlineSeconds: f(int64, 5, 'Seconds after its start when the pod is failed and its containers are ended.', {
    pointer: true,
  }),
  dnsPolicy: f(named('v1.DNSPolicy'), 6, 'ClusterFirst, ClusterFirstWithHostNet, Default or None.', {
    fill: 'ClusterFirst',
  }),
  nodeSelector: f(map(string), 7, 'Labels that the node must have.', { mapType: 'atomic' }),
  serviceAccountName: f(string, 8, "Account that the pod's programs act as."),
  serviceAccount: f(string, 9, 'Old name of serviceAccountName.'),
  automountServiceAccountToken: f(boolean, 21, 'Whether a token of the service account is mounted.', { pointer: true }),
  nodeName: f(string, 10, 'Node that the pod runs on; the scheduler sets it where nothing is said.'),
  hostNetwork: f(boolean, 11, "Whether the pod uses the node's network."),
  hostPID: f(boolean, 12, "Whether the pod sees the node's processes."),
  hostIPC: f(boolean, 13, "Whether the pod shares the node's IPC namespace."),
  shareProcessNamespace: f(boolean, 27, "Whether the containers see each other's processes.", { pointer: true }),
  securityContext: f(podSecurityContext, 14, 'Rights that hold for all containers.', { fill: {} }),
  imagePullSecrets: f(list(localObjectReference), 15, 'Secrets with logins of image registries.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  hostname: f(string, 16, 'Host name of the pod; its name where nothing is said.'),
  subdomain: f(string, 17, "Makes the pod's domain name hostname.subdomain.namespace.svc and the cluster's domain."),
  affinity: f(affinity, 18, 'Nodes and pods that the pod wants to be near to or far from.'),
  schedulerName: f(string, 19, 'Scheduler that places the pod.', { fill: 'default-scheduler' }),
  tolerations: f(list(toleration), 22, 'Taints of nodes that do not keep the pod away.', { listType: 'atomic' }),
  hostAliases: f(list(hostAlias), 23, "Further lines of the pod's hosts file.", {
    listType: 'map',
    mapKeys: ['ip'],
    mergeKey: 'ip',
    patchStrategy: 'merge',
  }),
  priorityClassName: f(string, 24, 'Class that gives the pod its priority.'),
  priority: f(int32, 25, 'How important the pod is; from its priority class.', { pointer: true }),
  dnsConfig: f(podDNSConfig, 26, 'Settings of the resolver besides what dnsPolicy gives.'),
  readinessGates: f(list(podReadinessGate), 28, 'Further conditions that must hold before the pod is ready.', {
    listType: 'atomic',
  }),
  runtimeClassName: f(string, 29, 'Class that says with which runtime the pod runs.', { pointer: true }),
  enableServiceLinks: f(boolean, 30, "Whether variables tell of the namespace's services.", { pointer: true }),
  preemptionPolicy: f(
    named('v1.PreemptionPolicy'),
    31,
    'Whether other pods may have to go for this one: PreemptLowerPriority or Never.',
    {
      pointer: true,
    },
  ),
  overhead: f(map(quantity), 32, 'What running the pod costs besides its containers; from its runtime class.'),
  topologySpreadConstraints: f(
    list(topologySpreadConstraint),
    33,
    'How evenly pods are spread over parts of the cluster.',
    { listType: 'map', mapKeys: ['topologyKey', 'whenUnsatisfiable'], mergeKey: 'topologyKey', patchStrategy: 'merge' },
  ),
  setHostnameAsFQDN: f(boolean, 35, 'Whether the host name is the whole domain name.', { pointer: true }),
  os: f(podOS, 36, 'Operating system that the containers are made for.'),
  hostUsers: f(boolean, 37, "Whether the pod shares the node's users; false gives it users of its own.", {
    pointer: true,
  }),
  schedulingGates: f(list(podSchedulingGate), 38, 'What the pod waits for before it is placed.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  resourceClaims: f(list(podResourceClaim), 39, 'Claims on devices that containers can use.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  resources: f(resourceRequirements, 40, 'What the pod needs as a whole and may use at most.'),
  hostnameOverride: f(string, 41, 'Host name as the pod itself sees it, whatever DNS says.', { pointer: true }),
  workloadRef: f(workloadReference, 42, 'Workload that the pod is placed together with.'),
});
export type PodSpec = Infer<typeof podSpec>;
