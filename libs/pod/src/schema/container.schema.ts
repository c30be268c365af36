import { boolean, f, type Infer, int32, list, named, object, req, string } from '#model';
import { envFromSource, envVar } from './env.schema.js';
import { lifecycle, probe } from './probes.schema.js';
import { containerResizePolicy, resourceRequirements } from './resources.schema.js';
import { securityContext } from './security.schema.js';

export const containerPort = object('io.k8s.api.core.v1.ContainerPort', 'A port that a container listens on.', {
  name: f(string, 1, 'Name by which services and probes find the port.'),
  hostPort: f(int32, 2, 'Port of the node that leads to this one.'),
  containerPort: req(int32, 3, 'Number of the port.'),
  protocol: f(named('v1.Protocol'), 4, 'TCP, UDP or SCTP.', { default: 'TCP' }),
  hostIP: f(string, 5, 'Address of the node that hostPort is bound to.'),
});
export type ContainerPort = Infer<typeof containerPort>;

export const containerRestartRuleOnExitCodes = object(
  'io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes',
  'Exit codes that a rule is about.',
  {
    operator: req(named('v1.ContainerRestartRuleOnExitCodesOperator'), 1, 'In or NotIn.', { omitEmpty: true }),
    values: f(list(int32), 2, 'The exit codes.', { listType: 'set' }),
  },
);
export type ContainerRestartRuleOnExitCodes = Infer<typeof containerRestartRuleOnExitCodes>;

export const containerRestartRule = object(
  'io.k8s.api.core.v1.ContainerRestartRule',
  'What is done after a certain end of the container.',
  {
    action: req(string, 1, 'What is done: Restart.', { omitEmpty: true }),
    exitCodes: f(containerRestartRuleOnExitCodes, 2, 'The ends that the rule is for.'),
  },
);
export type ContainerRestartRule = Infer<typeof containerRestartRule>;

export const volumeDevice = object('io.k8s.api.core.v1.VolumeDevice', 'A raw block device in a container.', {
  name: req(string, 1, 'Volume of the pod that is the device.'),
  devicePath: req(string, 2, 'Path of the device in the container.'),
});
export type VolumeDevice = Infer<typeof volumeDevice>;

export const volumeMount = object('io.k8s.api.core.v1.VolumeMount', 'A volume at a path of a container.', {
  name: req(string, 1, 'Volume of the pod that is mounted.'),
  readOnly: f(boolean, 2, 'Whether it cannot be written through this mount.'),
  recursiveReadOnly: f(
    named('v1.RecursiveReadOnlyMode'),
    7,
    'Whether mounts below are read-only too: Disabled, IfPossible or Enabled.',
    {
      pointer: true,
    },
  ),
  mountPath: req(string, 3, 'Path in the container.'),
  subPath: f(string, 4, 'Path in the volume that is mounted instead of its root.'),
  mountPropagation: f(
    string,
    5,
    'Whether later mounts are seen on the other side: None, HostToContainer or Bidirectional.',
    { pointer: true },
  ),
  subPathExpr: f(string, 6, 'Like subPath, with variables of the container in it.'),
});
export type VolumeMount = Infer<typeof volumeMount>;

export const container = object('io.k8s.api.core.v1.Container', 'One container of a pod.', {
  name: req(string, 1, 'Name of the container, unique in the pod.'),
  image: f(string, 2, 'Image to run.'),
  command: f(list(string), 3, "What is run; the image's entry point where nothing is said.", { listType: 'atomic' }),
  args: f(list(string), 4, "Arguments; the image's where nothing is said. $(NAME) stands for a variable.", {
    listType: 'atomic',
  }),
  workingDir: f(string, 5, "Folder in which the container starts; the image's where nothing is said."),
  ports: f(
    list(containerPort),
    6,
    'Ports that the container listens on; they are reachable without being named here.',
    { listType: 'map', mapKeys: ['containerPort', 'protocol'], mergeKey: 'containerPort', patchStrategy: 'merge' },
  ),
  envFrom: f(list(envFromSource), 19, 'Sources of many variables; env wins over them.', { listType: 'atomic' }),
  env: f(list(envVar), 7, 'Variables of the environment.', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
  }),
  resources: f(resourceRequirements, 8, 'What the container needs and may use at most.', { always: {} }),
  resizePolicy: f(list(containerResizePolicy), 23, 'What a change of resources means while the container runs.', {
    listType: 'atomic',
  }),
  restartPolicy: f(
    string,
    24,
    'When this container is restarted; an init container with Always stays beside the pod.',
    { pointer: true },
  ),
  restartPolicyRules: f(
    list(containerRestartRule),
    25,
    'Exceptions from restartPolicy by exit code; the first that fits counts.',
    { listType: 'atomic' },
  ),
  volumeMounts: f(list(volumeMount), 9, 'Volumes of the pod at paths of the container.', {
    listType: 'map',
    mapKeys: ['mountPath'],
    mergeKey: 'mountPath',
    patchStrategy: 'merge',
  }),
  volumeDevices: f(list(volumeDevice), 21, 'Block devices of the pod that the container uses.', {
    listType: 'map',
    mapKeys: ['devicePath'],
    mergeKey: 'devicePath',
    patchStrategy: 'merge',
  }),
  livenessProbe: f(probe, 10, 'Check that restarts the container when it fails.'),
  readinessProbe: f(probe, 11, 'Check that takes the pod out of services while it fails.'),
  startupProbe: f(probe, 22, 'Check that the others wait for; the container is restarted when it fails.'),
  lifecycle: f(lifecycle, 12, 'What is done when the container starts and before it ends.'),
  terminationMessagePath: f(string, 13, "File from which the container's last words are taken.", {
    fill: '/dev/termination-log',
  }),
  terminationMessagePolicy: f(
    named('v1.TerminationMessagePolicy'),
    20,
    'Where last words come from: File or FallbackToLogsOnError.',
    {
      fill: 'File',
    },
  ),
  imagePullPolicy: f(named('v1.PullPolicy'), 14, 'When the image is pulled: Always, IfNotPresent or Never.'),
  securityContext: f(securityContext, 15, 'Rights of the container.'),
  stdin: f(boolean, 16, "Whether the container's input is kept open for an attached client."),
  stdinOnce: f(boolean, 17, 'Whether input ends with the first client that was attached.'),
  tty: f(boolean, 18, 'Whether the container has a terminal; needs stdin.'),
});
export type Container = Infer<typeof container>;
