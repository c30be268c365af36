import { boolean, f, type Infer, int32, int64, list, map, named, object, quantity, req, string, time } from '#model';
import { nodeConfigSource } from './spec.schema.js';

export const nodeAddress = object('io.k8s.api.core.v1.NodeAddress', 'An address of a node.', {
  type: req(named('v1.NodeAddressType'), 1, 'Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.'),
  address: req(string, 2, 'The address.'),
});
export type NodeAddress = Infer<typeof nodeAddress>;

export const nodeCondition = object('io.k8s.api.core.v1.NodeCondition', "One aspect of a node's state.", {
  type: req(named('v1.NodeConditionType'), 1, 'Name of the aspect, such as Ready or DiskPressure.'),
  status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
  lastHeartbeatTime: f(time, 3, 'When the node last told it.', { always: null }),
  lastTransitionTime: f(time, 4, 'When the status last changed.', { always: null }),
  reason: f(string, 5, 'Why the status is what it is, in one CamelCase word.'),
  message: f(string, 6, 'What it means, for people.'),
});
export type NodeCondition = Infer<typeof nodeCondition>;

export const nodeConfigStatus = object(
  'io.k8s.api.core.v1.NodeConfigStatus',
  "State of a node's configuration; not used any more.",
  {
    assigned: f(nodeConfigSource, 1, 'Configuration that it is to use.'),
    active: f(nodeConfigSource, 2, 'Configuration in force.'),
    lastKnownGood: f(nodeConfigSource, 3, 'Configuration that it falls back to.'),
    error: f(string, 4, 'What is wrong with the assigned one.'),
  },
);
export type NodeConfigStatus = Infer<typeof nodeConfigStatus>;

export const daemonEndpoint = object('io.k8s.api.core.v1.DaemonEndpoint', 'A port of a daemon.', {
  Port: req(int32, 1, 'Number of the port.'),
});
export type DaemonEndpoint = Infer<typeof daemonEndpoint>;

export const nodeDaemonEndpoints = object('io.k8s.api.core.v1.NodeDaemonEndpoints', "Ports of a node's daemons.", {
  kubeletEndpoint: f(daemonEndpoint, 1, 'Port of the kubelet.', { always: {} }),
});
export type NodeDaemonEndpoints = Infer<typeof nodeDaemonEndpoints>;

export const nodeFeatures = object(
  'io.k8s.api.core.v1.NodeFeatures',
  "What the node's runtime can do besides the usual.",
  {
    supplementalGroupsPolicy: f(boolean, 1, 'Whether it knows supplementalGroupsPolicy.', { pointer: true }),
  },
);
export type NodeFeatures = Infer<typeof nodeFeatures>;

export const containerImage = object('io.k8s.api.core.v1.ContainerImage', 'An image that the node has.', {
  names: f(list(string), 1, 'Names that it is known by.', { listType: 'atomic', always: null }),
  sizeBytes: f(int64, 2, 'Its size in bytes.'),
});
export type ContainerImage = Infer<typeof containerImage>;

export const nodeSwapStatus = object('io.k8s.api.core.v1.NodeSwapStatus', 'Swap space of a node.', {
  capacity: f(int64, 1, 'Its size in bytes.', { pointer: true }),
});
export type NodeSwapStatus = Infer<typeof nodeSwapStatus>;

export const nodeSystemInfo = object('io.k8s.api.core.v1.NodeSystemInfo', 'Machine and software of a node.', {
  machineID: req(string, 1, 'Id of the machine.'),
  systemUUID: req(string, 2, 'UUID that the firmware gives.'),
  bootID: req(string, 3, 'Id of this run of the system.'),
  kernelVersion: req(string, 4, 'Version of the kernel.'),
  osImage: req(string, 5, "Name of the operating system's release."),
  containerRuntimeVersion: req(string, 6, 'Container runtime and its version, as name://version.'),
  kubeletVersion: req(string, 7, 'Version of the agent.'),
  kubeProxyVersion: req(string, 8, 'Version of the service proxy; not filled any more.'),
  operatingSystem: req(string, 9, 'linux or windows.'),
  architecture: req(string, 10, 'Processor architecture.'),
  swap: f(nodeSwapStatus, 11, 'Swap space of the machine.'),
});
export type NodeSystemInfo = Infer<typeof nodeSystemInfo>;

export const nodeRuntimeHandlerFeatures = object(
  'io.k8s.api.core.v1.NodeRuntimeHandlerFeatures',
  'What a runtime handler can do.',
  {
    recursiveReadOnlyMounts: f(boolean, 1, 'Whether mounts below a read-only one can be read-only too.', {
      pointer: true,
    }),
    userNamespaces: f(boolean, 2, 'Whether pods can have users of their own.', { pointer: true }),
  },
);
export type NodeRuntimeHandlerFeatures = Infer<typeof nodeRuntimeHandlerFeatures>;

export const nodeRuntimeHandler = object('io.k8s.api.core.v1.NodeRuntimeHandler', 'A runtime handler of a node.', {
  name: f(string, 1, 'Its name; empty for the default one.', { always: '' }),
  features: f(nodeRuntimeHandlerFeatures, 2, 'What it can do.'),
});
export type NodeRuntimeHandler = Infer<typeof nodeRuntimeHandler>;

export const attachedVolume = object('io.k8s.api.core.v1.AttachedVolume', 'A volume that is attached to a node.', {
  name: req(string, 1, 'Name of the volume.'),
  devicePath: req(string, 2, 'Path of its device.'),
});
export type AttachedVolume = Infer<typeof attachedVolume>;

export const nodeStatus = object('io.k8s.api.core.v1.NodeStatus', 'State of a node.', {
  capacity: f(map(quantity), 1, 'What the machine has, by resource.'),
  allocatable: f(map(quantity), 2, 'What pods may use, by resource.'),
  phase: f(named('v1.NodePhase'), 3, 'Not used any more.'),
  conditions: f(list(nodeCondition), 4, 'Aspects of its state.', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  addresses: f(list(nodeAddress), 5, 'Addresses of the node.', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  daemonEndpoints: f(nodeDaemonEndpoints, 6, 'Ports of its daemons.', { always: {} }),
  nodeInfo: f(nodeSystemInfo, 7, 'Its machine and software.', { always: {} }),
  images: f(list(containerImage), 8, 'Images that it has.', { listType: 'atomic' }),
  volumesInUse: f(list(string), 9, 'Attached volumes that are mounted.', { listType: 'atomic' }),
  volumesAttached: f(list(attachedVolume), 10, 'Volumes that are attached to it.', { listType: 'atomic' }),
  config: f(nodeConfigStatus, 11, 'State of its configuration; not used any more.'),
  runtimeHandlers: f(list(nodeRuntimeHandler), 12, 'Runtime handlers that it has.', { listType: 'atomic' }),
  features: f(nodeFeatures, 13, 'What its runtime can do besides the usual.'),
  declaredFeatures: f(list(string), 14, 'Features that the node says it has.', { listType: 'atomic' }),
});
export type NodeStatus = Infer<typeof nodeStatus>;
