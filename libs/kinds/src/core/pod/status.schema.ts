import { boolean, f, type Infer, int32, int64, list, map, object, quantity, req, string, time } from '#model';
import { resourceRequirements } from '../../shared/resources.schema.js';

export const podCondition = object('io.k8s.api.core.v1.PodCondition', '', {
  lastProbeTime: f(time, 3, '', { always: null }),
  lastTransitionTime: f(time, 4, '', { always: null }),
  message: f(string, 6, ''),
  observedGeneration: f(int64, 7, ''),
  reason: f(string, 5, ''),
  status: req(string, 2, ''),
  type: req(string, 1, ''),
});
export type PodCondition = Infer<typeof podCondition>;

export const resourceHealth = object('io.k8s.api.core.v1.ResourceHealth', '', {
  health: f(string, 2, ''),
  resourceID: req(string, 1, ''),
});
export type ResourceHealth = Infer<typeof resourceHealth>;

export const resourceStatus = object('io.k8s.api.core.v1.ResourceStatus', '', {
  name: req(string, 1, ''),
  resources: f(list(resourceHealth), 2, '', { listType: 'map', mapKeys: ['resourceID'] }),
});
export type ResourceStatus = Infer<typeof resourceStatus>;

export const containerStateRunning = object('io.k8s.api.core.v1.ContainerStateRunning', '', {
  startedAt: f(time, 1, '', { always: null }),
});
export type ContainerStateRunning = Infer<typeof containerStateRunning>;

export const containerStateTerminated = object('io.k8s.api.core.v1.ContainerStateTerminated', '', {
  containerID: f(string, 7, ''),
  exitCode: req(int32, 1, ''),
  finishedAt: f(time, 6, '', { always: null }),
  message: f(string, 4, ''),
  reason: f(string, 3, ''),
  signal: f(int32, 2, ''),
  startedAt: f(time, 5, '', { always: null }),
});
export type ContainerStateTerminated = Infer<typeof containerStateTerminated>;

export const containerStateWaiting = object('io.k8s.api.core.v1.ContainerStateWaiting', '', {
  message: f(string, 2, ''),
  reason: f(string, 1, ''),
});
export type ContainerStateWaiting = Infer<typeof containerStateWaiting>;

export const containerState = object('io.k8s.api.core.v1.ContainerState', '', {
  running: f(containerStateRunning, 2, ''),
  terminated: f(containerStateTerminated, 3, ''),
  waiting: f(containerStateWaiting, 1, ''),
});
export type ContainerState = Infer<typeof containerState>;

export const linuxContainerUser = object('io.k8s.api.core.v1.LinuxContainerUser', '', {
  gid: req(int64, 2, ''),
  supplementalGroups: f(list(int64), 3, '', { listType: 'atomic' }),
  uid: req(int64, 1, ''),
});
export type LinuxContainerUser = Infer<typeof linuxContainerUser>;

export const containerUser = object('io.k8s.api.core.v1.ContainerUser', '', {
  linux: f(linuxContainerUser, 1, ''),
});
export type ContainerUser = Infer<typeof containerUser>;

export const volumeMountStatus = object('io.k8s.api.core.v1.VolumeMountStatus', '', {
  mountPath: req(string, 2, ''),
  name: req(string, 1, ''),
  readOnly: f(boolean, 3, ''),
  recursiveReadOnly: f(string, 4, '', { pointer: true }),
});
export type VolumeMountStatus = Infer<typeof volumeMountStatus>;

export const containerStatus = object('io.k8s.api.core.v1.ContainerStatus', '', {
  allocatedResources: f(map(quantity), 10, ''),
  allocatedResourcesStatus: f(list(resourceStatus), 14, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  containerID: f(string, 8, ''),
  image: req(string, 6, ''),
  imageID: req(string, 7, ''),
  lastState: f(containerState, 3, '', { always: {} }),
  name: req(string, 1, ''),
  ready: req(boolean, 4, ''),
  resources: f(resourceRequirements, 11, ''),
  restartCount: req(int32, 5, ''),
  started: f(boolean, 9, '', { pointer: true }),
  state: f(containerState, 2, '', { always: {} }),
  stopSignal: f(string, 15, '', { pointer: true }),
  user: f(containerUser, 13, ''),
  volumeMounts: f(list(volumeMountStatus), 12, '', {
    listType: 'map',
    mapKeys: ['mountPath'],
    mergeKey: 'mountPath',
    patchStrategy: 'merge',
  }),
});
export type ContainerStatus = Infer<typeof containerStatus>;

export const containerExtendedResourceRequest = object('io.k8s.api.core.v1.ContainerExtendedResourceRequest', '', {
  containerName: req(string, 1, ''),
  requestName: req(string, 3, ''),
  resourceName: req(string, 2, ''),
});
export type ContainerExtendedResourceRequest = Infer<typeof containerExtendedResourceRequest>;

export const podExtendedResourceClaimStatus = object('io.k8s.api.core.v1.PodExtendedResourceClaimStatus', '', {
  requestMappings: req(list(containerExtendedResourceRequest), 1, '', { listType: 'atomic', always: null }),
  resourceClaimName: req(string, 2, ''),
});
export type PodExtendedResourceClaimStatus = Infer<typeof podExtendedResourceClaimStatus>;

export const hostIP = object('io.k8s.api.core.v1.HostIP', '', {
  ip: req(string, 1, ''),
});
export type HostIP = Infer<typeof hostIP>;

export const podIP = object('io.k8s.api.core.v1.PodIP', '', {
  ip: req(string, 1, ''),
});
export type PodIP = Infer<typeof podIP>;

export const podResourceClaimStatus = object('io.k8s.api.core.v1.PodResourceClaimStatus', '', {
  name: req(string, 1, ''),
  resourceClaimName: f(string, 2, '', { pointer: true }),
});
export type PodResourceClaimStatus = Infer<typeof podResourceClaimStatus>;

export const podStatus = object('io.k8s.api.core.v1.PodStatus', '', {
  allocatedResources: f(map(quantity), 19, ''),
  conditions: f(list(podCondition), 2, '', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  containerStatuses: f(list(containerStatus), 8, '', { listType: 'atomic' }),
  ephemeralContainerStatuses: f(list(containerStatus), 13, '', { listType: 'atomic' }),
  extendedResourceClaimStatus: f(podExtendedResourceClaimStatus, 18, ''),
  hostIP: f(string, 5, ''),
  hostIPs: f(list(hostIP), 16, '', { listType: 'atomic', mergeKey: 'ip', patchStrategy: 'merge' }),
  initContainerStatuses: f(list(containerStatus), 10, '', { listType: 'atomic' }),
  message: f(string, 3, ''),
  nominatedNodeName: f(string, 11, ''),
  observedGeneration: f(int64, 17, ''),
  phase: f(string, 1, ''),
  podIP: f(string, 6, ''),
  podIPs: f(list(podIP), 12, '', { listType: 'map', mapKeys: ['ip'], mergeKey: 'ip', patchStrategy: 'merge' }),
  qosClass: f(string, 9, ''),
  reason: f(string, 4, ''),
  resize: f(string, 14, ''),
  resourceClaimStatuses: f(list(podResourceClaimStatus), 15, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  resources: f(resourceRequirements, 20, ''),
  startTime: f(time, 7, '', { pointer: true }),
});
export type PodStatus = Infer<typeof podStatus>;
