import { boolean, f, type Infer, int32, int64, list, map, named, object, quantity, req, string, time } from '#model';
import { resourceRequirements } from './resources.schema.js';

export const podCondition = object('io.k8s.api.core.v1.PodCondition', "One aspect of a pod's state.", {
  type: req(named('v1.PodConditionType'), 1, 'Name of the aspect, such as Ready or PodScheduled.'),
  observedGeneration: f(int64, 7, 'Generation of the pod that the condition was found on.'),
  status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
  lastProbeTime: f(time, 3, 'When the aspect was last looked at.', { always: null }),
  lastTransitionTime: f(time, 4, 'When the status last changed.', { always: null }),
  reason: f(string, 5, 'Why the status is what it is, in one CamelCase word.'),
  message: f(string, 6, 'What it means, for people.'),
});
export type PodCondition = Infer<typeof podCondition>;

export const resourceHealth = object('io.k8s.api.core.v1.ResourceHealth', 'Health of one device.', {
  resourceID: req(string, 1, 'Which device.'),
  health: f(string, 2, 'Healthy, Unhealthy or Unknown.'),
});
export type ResourceHealth = Infer<typeof resourceHealth>;

export const resourceStatus = object(
  'io.k8s.api.core.v1.ResourceStatus',
  'Health of the devices that a container uses.',
  {
    name: req(string, 1, 'Name of the resource or claim.'),
    resources: f(list(resourceHealth), 2, 'Each device of it.', { listType: 'map', mapKeys: ['resourceID'] }),
  },
);
export type ResourceStatus = Infer<typeof resourceStatus>;

export const containerStateRunning = object('io.k8s.api.core.v1.ContainerStateRunning', 'A container that runs.', {
  startedAt: f(time, 1, 'When it was started.', { always: null }),
});
export type ContainerStateRunning = Infer<typeof containerStateRunning>;

export const containerStateTerminated = object(
  'io.k8s.api.core.v1.ContainerStateTerminated',
  'A container that has ended.',
  {
    exitCode: req(int32, 1, 'Exit code of its process.'),
    signal: f(int32, 2, 'Signal that ended it.'),
    reason: f(string, 3, 'How it ended, in one word.'),
    message: f(string, 4, 'Its last words.'),
    startedAt: f(time, 5, 'When it was started.', { always: null }),
    finishedAt: f(time, 6, 'When it ended.', { always: null }),
    containerID: f(string, 7, 'Id of the container at the runtime.'),
  },
);
export type ContainerStateTerminated = Infer<typeof containerStateTerminated>;

export const containerStateWaiting = object(
  'io.k8s.api.core.v1.ContainerStateWaiting',
  'A container that does not run yet.',
  {
    reason: f(string, 1, 'What it waits for, in one word.'),
    message: f(string, 2, 'What it waits for, for people.'),
  },
);
export type ContainerStateWaiting = Infer<typeof containerStateWaiting>;

export const containerState = object(
  'io.k8s.api.core.v1.ContainerState',
  'State of a container; one of its fields is given.',
  {
    waiting: f(containerStateWaiting, 1, 'It does not run yet.'),
    running: f(containerStateRunning, 2, 'It runs.'),
    terminated: f(containerStateTerminated, 3, 'It has ended.'),
  },
);
export type ContainerState = Infer<typeof containerState>;

export const linuxContainerUser = object(
  'io.k8s.api.core.v1.LinuxContainerUser',
  "User and groups of a container's first process.",
  {
    uid: req(int64, 1, 'Number of the user.'),
    gid: req(int64, 2, 'Number of the group.'),
    supplementalGroups: f(list(int64), 3, 'Numbers of further groups.', { listType: 'atomic' }),
  },
);
export type LinuxContainerUser = Infer<typeof linuxContainerUser>;

export const containerUser = object('io.k8s.api.core.v1.ContainerUser', "Who a container's first process runs as.", {
  linux: f(linuxContainerUser, 1, 'User and groups on Linux.'),
});
export type ContainerUser = Infer<typeof containerUser>;

export const volumeMountStatus = object('io.k8s.api.core.v1.VolumeMountStatus', 'How a volume is mounted in fact.', {
  name: req(string, 1, 'Name of the volume.'),
  mountPath: req(string, 2, 'Path in the container.'),
  readOnly: f(boolean, 3, 'Whether it cannot be written.'),
  recursiveReadOnly: f(
    named('v1.RecursiveReadOnlyMode'),
    4,
    'Whether mounts below are read-only too: Disabled or Enabled.',
    { pointer: true },
  ),
});
export type VolumeMountStatus = Infer<typeof volumeMountStatus>;

export const containerStatus = object('io.k8s.api.core.v1.ContainerStatus', 'State of one container of a pod.', {
  name: req(string, 1, 'Name of the container.'),
  state: f(containerState, 2, 'Its state now.', { always: {} }),
  lastState: f(containerState, 3, 'State of its run before this one.', { always: {} }),
  ready: req(boolean, 4, 'Whether its readiness check passes.'),
  restartCount: req(int32, 5, 'How often it was started again.'),
  image: req(string, 6, 'Image that it runs; may be named otherwise than in the spec.'),
  imageID: req(string, 7, 'Digest of that image.'),
  containerID: f(string, 8, 'Id of the container at the runtime, as runtime://id.'),
  started: f(boolean, 9, 'Whether its startup check has passed.', { pointer: true }),
  allocatedResources: f(map(quantity), 10, 'What the node has set aside for it.'),
  resources: f(resourceRequirements, 11, 'Requests and limits that are in force.'),
  volumeMounts: f(list(volumeMountStatus), 12, 'How its volumes are mounted.', {
    listType: 'map',
    mapKeys: ['mountPath'],
    mergeKey: 'mountPath',
    patchStrategy: 'merge',
  }),
  user: f(containerUser, 13, 'Who its first process runs as.'),
  allocatedResourcesStatus: f(list(resourceStatus), 14, 'Health of the devices that it uses.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  stopSignal: f(named('v1.Signal'), 15, 'Signal that tells it to end.', { pointer: true }),
});
export type ContainerStatus = Infer<typeof containerStatus>;

export const containerExtendedResourceRequest = object(
  'io.k8s.api.core.v1.ContainerExtendedResourceRequest',
  'Which request stands for an extended resource.',
  {
    containerName: req(string, 1, 'The container that asked.'),
    resourceName: req(string, 2, 'The extended resource.'),
    requestName: req(string, 3, 'The request in the claim.'),
  },
);
export type ContainerExtendedResourceRequest = Infer<typeof containerExtendedResourceRequest>;

export const podExtendedResourceClaimStatus = object(
  'io.k8s.api.core.v1.PodExtendedResourceClaimStatus',
  'Claim that was made for extended resources.',
  {
    requestMappings: req(list(containerExtendedResourceRequest), 1, 'Which request stands for what.', {
      listType: 'atomic',
      always: null,
    }),
    resourceClaimName: req(string, 2, 'Name of the claim.'),
  },
);
export type PodExtendedResourceClaimStatus = Infer<typeof podExtendedResourceClaimStatus>;

export const hostIP = object('io.k8s.api.core.v1.HostIP', 'An address of the node.', {
  ip: req(string, 1, 'The address.'),
});
export type HostIP = Infer<typeof hostIP>;

export const podIP = object('io.k8s.api.core.v1.PodIP', 'An address of the pod.', {
  ip: req(string, 1, 'The address.'),
});
export type PodIP = Infer<typeof podIP>;

export const podResourceClaimStatus = object(
  'io.k8s.api.core.v1.PodResourceClaimStatus',
  'Claim that was made for an entry of resourceClaims.',
  {
    name: req(string, 1, 'Name of the entry.'),
    resourceClaimName: f(string, 2, 'Name of the claim; none when none was needed.', { pointer: true }),
  },
);
export type PodResourceClaimStatus = Infer<typeof podResourceClaimStatus>;

export const podStatus = object('io.k8s.api.core.v1.PodStatus', 'State of a pod.', {
  observedGeneration: f(int64, 17, 'Generation of the pod that this state belongs to.'),
  phase: f(named('v1.PodPhase'), 1, 'Pending, Running, Succeeded, Failed or Unknown.'),
  conditions: f(list(podCondition), 2, "Aspects of the pod's state.", {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  message: f(string, 3, 'Why the pod is in this state, for people.'),
  reason: f(string, 4, 'Why the pod is in this state, in one word.'),
  nominatedNodeName: f(string, 11, 'Node where room is being made for the pod.'),
  hostIP: f(string, 5, 'Address of the node.'),
  hostIPs: f(list(hostIP), 16, 'All addresses of the node.', {
    listType: 'atomic',
    mergeKey: 'ip',
    patchStrategy: 'merge',
  }),
  podIP: f(string, 6, 'Address of the pod.'),
  podIPs: f(list(podIP), 12, 'All addresses of the pod.', {
    listType: 'map',
    mapKeys: ['ip'],
    mergeKey: 'ip',
    patchStrategy: 'merge',
  }),
  startTime: f(time, 7, 'When the node took the pod over.', { pointer: true }),
  initContainerStatuses: f(list(containerStatus), 10, 'State of each init container.', { listType: 'atomic' }),
  containerStatuses: f(list(containerStatus), 8, 'State of each container.', { listType: 'atomic' }),
  qosClass: f(named('v1.PodQOSClass'), 9, 'Class of service: Guaranteed, Burstable or BestEffort.'),
  ephemeralContainerStatuses: f(list(containerStatus), 13, 'State of each ephemeral container.', {
    listType: 'atomic',
  }),
  resize: f(string, 14, 'How far a change of resources has come; conditions tell it now.'),
  resourceClaimStatuses: f(list(podResourceClaimStatus), 15, 'Claims that were made for resourceClaims.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  extendedResourceClaimStatus: f(podExtendedResourceClaimStatus, 18, 'Claim that was made for extended resources.'),
  allocatedResources: f(map(quantity), 19, 'What the node has set aside for the pod as a whole.'),
  resources: f(resourceRequirements, 20, 'Requests and limits of the pod as a whole that are in force.'),
});
export type PodStatus = Infer<typeof podStatus>;
