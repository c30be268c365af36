import { boolean, f, type Infer, int32, int64, list, map, object, quantity, req, string, time } from '#model';
import { nodeConfigSource } from './spec.schema.js';

export const nodeAddress = object('io.k8s.api.core.v1.NodeAddress', '', {
  address: req(string, 2, ''),
  type: req(string, 1, ''),
});
export type NodeAddress = Infer<typeof nodeAddress>;

export const nodeCondition = object('io.k8s.api.core.v1.NodeCondition', '', {
  lastHeartbeatTime: f(time, 3, '', { always: null }),
  lastTransitionTime: f(time, 4, '', { always: null }),
  message: f(string, 6, ''),
  reason: f(string, 5, ''),
  status: req(string, 2, ''),
  type: req(string, 1, ''),
});
export type NodeCondition = Infer<typeof nodeCondition>;

export const nodeConfigStatus = object('io.k8s.api.core.v1.NodeConfigStatus', '', {
  active: f(nodeConfigSource, 2, ''),
  assigned: f(nodeConfigSource, 1, ''),
  error: f(string, 4, ''),
  lastKnownGood: f(nodeConfigSource, 3, ''),
});
export type NodeConfigStatus = Infer<typeof nodeConfigStatus>;

export const daemonEndpoint = object('io.k8s.api.core.v1.DaemonEndpoint', '', {
  Port: req(int32, 1, ''),
});
export type DaemonEndpoint = Infer<typeof daemonEndpoint>;

export const nodeDaemonEndpoints = object('io.k8s.api.core.v1.NodeDaemonEndpoints', '', {
  kubeletEndpoint: f(daemonEndpoint, 1, '', { always: {} }),
});
export type NodeDaemonEndpoints = Infer<typeof nodeDaemonEndpoints>;

export const nodeFeatures = object('io.k8s.api.core.v1.NodeFeatures', '', {
  supplementalGroupsPolicy: f(boolean, 1, '', { pointer: true }),
});
export type NodeFeatures = Infer<typeof nodeFeatures>;

export const containerImage = object('io.k8s.api.core.v1.ContainerImage', '', {
  names: f(list(string), 1, '', { listType: 'atomic', always: null }),
  sizeBytes: f(int64, 2, ''),
});
export type ContainerImage = Infer<typeof containerImage>;

export const nodeSwapStatus = object('io.k8s.api.core.v1.NodeSwapStatus', '', {
  capacity: f(int64, 1, '', { pointer: true }),
});
export type NodeSwapStatus = Infer<typeof nodeSwapStatus>;

export const nodeSystemInfo = object('io.k8s.api.core.v1.NodeSystemInfo', '', {
  architecture: req(string, 10, ''),
  bootID: req(string, 3, ''),
  containerRuntimeVersion: req(string, 6, ''),
  kernelVersion: req(string, 4, ''),
  kubeProxyVersion: req(string, 8, ''),
  kubeletVersion: req(string, 7, ''),
  machineID: req(string, 1, ''),
  operatingSystem: req(string, 9, ''),
  osImage: req(string, 5, ''),
  swap: f(nodeSwapStatus, 11, ''),
  systemUUID: req(string, 2, ''),
});
export type NodeSystemInfo = Infer<typeof nodeSystemInfo>;

export const nodeRuntimeHandlerFeatures = object('io.k8s.api.core.v1.NodeRuntimeHandlerFeatures', '', {
  recursiveReadOnlyMounts: f(boolean, 1, '', { pointer: true }),
  userNamespaces: f(boolean, 2, '', { pointer: true }),
});
export type NodeRuntimeHandlerFeatures = Infer<typeof nodeRuntimeHandlerFeatures>;

export const nodeRuntimeHandler = object('io.k8s.api.core.v1.NodeRuntimeHandler', '', {
  features: f(nodeRuntimeHandlerFeatures, 2, ''),
  name: f(string, 1, '', { always: '' }),
});
export type NodeRuntimeHandler = Infer<typeof nodeRuntimeHandler>;

export const attachedVolume = object('io.k8s.api.core.v1.AttachedVolume', '', {
  devicePath: req(string, 2, ''),
  name: req(string, 1, ''),
});
export type AttachedVolume = Infer<typeof attachedVolume>;

export const nodeStatus = object('io.k8s.api.core.v1.NodeStatus', '', {
  addresses: f(list(nodeAddress), 5, '', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  allocatable: f(map(quantity), 2, ''),
  capacity: f(map(quantity), 1, ''),
  conditions: f(list(nodeCondition), 4, '', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  config: f(nodeConfigStatus, 11, ''),
  daemonEndpoints: f(nodeDaemonEndpoints, 6, '', { always: {} }),
  declaredFeatures: f(list(string), 14, '', { listType: 'atomic' }),
  features: f(nodeFeatures, 13, ''),
  images: f(list(containerImage), 8, '', { listType: 'atomic' }),
  nodeInfo: f(nodeSystemInfo, 7, '', { always: {} }),
  phase: f(string, 3, ''),
  runtimeHandlers: f(list(nodeRuntimeHandler), 12, '', { listType: 'atomic' }),
  volumesAttached: f(list(attachedVolume), 10, '', { listType: 'atomic' }),
  volumesInUse: f(list(string), 9, '', { listType: 'atomic' }),
});
export type NodeStatus = Infer<typeof nodeStatus>;
