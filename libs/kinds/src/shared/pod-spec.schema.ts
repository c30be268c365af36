import { boolean, f, type Infer, int32, int64, list, map, object, quantity, req, string } from '#model';
import { affinity } from './affinity.schema.js';
import { container } from './container.schema.js';
import { ephemeralContainer } from './ephemeral-container.schema.js';
import { labelSelector } from './meta.schema.js';
import { localObjectReference } from './references.schema.js';
import { resourceRequirements } from './resources.schema.js';
import { podSecurityContext } from './security.schema.js';
import { volume } from './volumes.schema.js';

export const podDNSConfigOption = object('io.k8s.api.core.v1.PodDNSConfigOption', '', {
  name: f(string, 1, ''),
  value: f(string, 2, '', { pointer: true }),
});
export type PodDNSConfigOption = Infer<typeof podDNSConfigOption>;

export const podDNSConfig = object('io.k8s.api.core.v1.PodDNSConfig', '', {
  nameservers: f(list(string), 1, '', { listType: 'atomic' }),
  options: f(list(podDNSConfigOption), 3, '', { listType: 'atomic' }),
  searches: f(list(string), 2, '', { listType: 'atomic' }),
});
export type PodDNSConfig = Infer<typeof podDNSConfig>;

export const hostAlias = object('io.k8s.api.core.v1.HostAlias', '', {
  hostnames: f(list(string), 2, '', { listType: 'atomic' }),
  ip: req(string, 1, ''),
});
export type HostAlias = Infer<typeof hostAlias>;

export const podOS = object('io.k8s.api.core.v1.PodOS', '', {
  name: req(string, 1, ''),
});
export type PodOS = Infer<typeof podOS>;

export const podReadinessGate = object('io.k8s.api.core.v1.PodReadinessGate', '', {
  conditionType: req(string, 1, ''),
});
export type PodReadinessGate = Infer<typeof podReadinessGate>;

export const podResourceClaim = object('io.k8s.api.core.v1.PodResourceClaim', '', {
  name: req(string, 1, ''),
  resourceClaimName: f(string, 3, '', { pointer: true }),
  resourceClaimTemplateName: f(string, 4, '', { pointer: true }),
});
export type PodResourceClaim = Infer<typeof podResourceClaim>;

export const podSchedulingGate = object('io.k8s.api.core.v1.PodSchedulingGate', '', {
  name: req(string, 1, ''),
});
export type PodSchedulingGate = Infer<typeof podSchedulingGate>;

export const toleration = object('io.k8s.api.core.v1.Toleration', '', {
  effect: f(string, 4, ''),
  key: f(string, 1, ''),
  operator: f(string, 2, ''),
  tolerationSeconds: f(int64, 5, '', { pointer: true }),
  value: f(string, 3, ''),
});
export type Toleration = Infer<typeof toleration>;

export const topologySpreadConstraint = object('io.k8s.api.core.v1.TopologySpreadConstraint', '', {
  labelSelector: f(labelSelector, 4, ''),
  matchLabelKeys: f(list(string), 8, '', { listType: 'atomic' }),
  maxSkew: req(int32, 1, ''),
  minDomains: f(int32, 5, '', { pointer: true }),
  nodeAffinityPolicy: f(string, 6, '', { pointer: true }),
  nodeTaintsPolicy: f(string, 7, '', { pointer: true }),
  topologyKey: req(string, 2, ''),
  whenUnsatisfiable: req(string, 3, ''),
});
export type TopologySpreadConstraint = Infer<typeof topologySpreadConstraint>;

export const workloadReference = object('io.k8s.api.core.v1.WorkloadReference', '', {
  name: req(string, 1, ''),
  podGroup: req(string, 2, ''),
  podGroupReplicaKey: f(string, 3, ''),
});
export type WorkloadReference = Infer<typeof workloadReference>;

export const podSpec = object('io.k8s.api.core.v1.PodSpec', '', {
  activeDeadlineSeconds: f(int64, 5, '', { pointer: true }),
  affinity: f(affinity, 18, ''),
  automountServiceAccountToken: f(boolean, 21, '', { pointer: true }),
  containers: req(list(container), 2, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
    always: null,
  }),
  dnsConfig: f(podDNSConfig, 26, ''),
  dnsPolicy: f(string, 6, '', { fill: 'ClusterFirst' }),
  enableServiceLinks: f(boolean, 30, '', { pointer: true }),
  ephemeralContainers: f(list(ephemeralContainer), 34, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  hostAliases: f(list(hostAlias), 23, '', { listType: 'map', mapKeys: ['ip'], mergeKey: 'ip', patchStrategy: 'merge' }),
  hostIPC: f(boolean, 13, ''),
  hostNetwork: f(boolean, 11, ''),
  hostPID: f(boolean, 12, ''),
  hostUsers: f(boolean, 37, '', { pointer: true }),
  hostname: f(string, 16, ''),
  hostnameOverride: f(string, 41, '', { pointer: true }),
  imagePullSecrets: f(list(localObjectReference), 15, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  initContainers: f(list(container), 20, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  nodeName: f(string, 10, ''),
  nodeSelector: f(map(string), 7, '', { mapType: 'atomic' }),
  os: f(podOS, 36, ''),
  overhead: f(map(quantity), 32, ''),
  preemptionPolicy: f(string, 31, '', { pointer: true }),
  priority: f(int32, 25, '', { pointer: true }),
  priorityClassName: f(string, 24, ''),
  readinessGates: f(list(podReadinessGate), 28, '', { listType: 'atomic' }),
  resourceClaims: f(list(podResourceClaim), 39, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  resources: f(resourceRequirements, 40, ''),
  restartPolicy: f(string, 3, '', { fill: 'Always' }),
  runtimeClassName: f(string, 29, '', { pointer: true }),
  schedulerName: f(string, 19, '', { fill: 'default-scheduler' }),
  schedulingGates: f(list(podSchedulingGate), 38, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  securityContext: f(podSecurityContext, 14, '', { fill: {} }),
  serviceAccount: f(string, 9, ''),
  serviceAccountName: f(string, 8, ''),
  setHostnameAsFQDN: f(boolean, 35, '', { pointer: true }),
  shareProcessNamespace: f(boolean, 27, '', { pointer: true }),
  subdomain: f(string, 17, ''),
  terminationGracePeriodSeconds: f(int64, 4, '', { fill: 30, pointer: true }),
  tolerations: f(list(toleration), 22, '', { listType: 'atomic' }),
  topologySpreadConstraints: f(list(topologySpreadConstraint), 33, '', {
    listType: 'map',
    mapKeys: ['topologyKey', 'whenUnsatisfiable'],
    mergeKey: 'topologyKey',
    patchStrategy: 'merge',
  }),
  volumes: f(list(volume), 1, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  workloadRef: f(workloadReference, 42, ''),
});
export type PodSpec = Infer<typeof podSpec>;
