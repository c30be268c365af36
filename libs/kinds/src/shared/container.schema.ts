import { boolean, f, type Infer, int32, list, object, req, string } from '#model';
import { envFromSource, envVar } from './env.schema.js';
import { lifecycle, probe } from './probes.schema.js';
import { containerResizePolicy, resourceRequirements } from './resources.schema.js';
import { securityContext } from './security.schema.js';

export const containerPort = object('io.k8s.api.core.v1.ContainerPort', '', {
  containerPort: req(int32, 3, ''),
  hostIP: f(string, 5, ''),
  hostPort: f(int32, 2, ''),
  name: f(string, 1, ''),
  protocol: f(string, 4, '', { default: 'TCP' }),
});
export type ContainerPort = Infer<typeof containerPort>;

export const containerRestartRuleOnExitCodes = object('io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes', '', {
  operator: req(string, 1, '', { omitEmpty: true }),
  values: f(list(int32), 2, '', { listType: 'set' }),
});
export type ContainerRestartRuleOnExitCodes = Infer<typeof containerRestartRuleOnExitCodes>;

export const containerRestartRule = object('io.k8s.api.core.v1.ContainerRestartRule', '', {
  action: req(string, 1, '', { omitEmpty: true }),
  exitCodes: f(containerRestartRuleOnExitCodes, 2, ''),
});
export type ContainerRestartRule = Infer<typeof containerRestartRule>;

export const volumeDevice = object('io.k8s.api.core.v1.VolumeDevice', '', {
  devicePath: req(string, 2, ''),
  name: req(string, 1, ''),
});
export type VolumeDevice = Infer<typeof volumeDevice>;

export const volumeMount = object('io.k8s.api.core.v1.VolumeMount', '', {
  mountPath: req(string, 3, ''),
  mountPropagation: f(string, 5, '', { pointer: true }),
  name: req(string, 1, ''),
  readOnly: f(boolean, 2, ''),
  recursiveReadOnly: f(string, 7, '', { pointer: true }),
  subPath: f(string, 4, ''),
  subPathExpr: f(string, 6, ''),
});
export type VolumeMount = Infer<typeof volumeMount>;

export const container = object('io.k8s.api.core.v1.Container', '', {
  args: f(list(string), 4, '', { listType: 'atomic' }),
  command: f(list(string), 3, '', { listType: 'atomic' }),
  env: f(list(envVar), 7, '', { listType: 'map', mapKeys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
  envFrom: f(list(envFromSource), 19, '', { listType: 'atomic' }),
  image: f(string, 2, ''),
  imagePullPolicy: f(string, 14, ''),
  lifecycle: f(lifecycle, 12, ''),
  livenessProbe: f(probe, 10, ''),
  name: req(string, 1, ''),
  ports: f(list(containerPort), 6, '', {
    listType: 'map',
    mapKeys: ['containerPort', 'protocol'],
    mergeKey: 'containerPort',
    patchStrategy: 'merge',
  }),
  readinessProbe: f(probe, 11, ''),
  resizePolicy: f(list(containerResizePolicy), 23, '', { listType: 'atomic' }),
  resources: f(resourceRequirements, 8, '', { always: {} }),
  restartPolicy: f(string, 24, '', { pointer: true }),
  restartPolicyRules: f(list(containerRestartRule), 25, '', { listType: 'atomic' }),
  securityContext: f(securityContext, 15, ''),
  startupProbe: f(probe, 22, ''),
  stdin: f(boolean, 16, ''),
  stdinOnce: f(boolean, 17, ''),
  terminationMessagePath: f(string, 13, '', { fill: '/dev/termination-log' }),
  terminationMessagePolicy: f(string, 20, '', { fill: 'File' }),
  tty: f(boolean, 18, ''),
  volumeDevices: f(list(volumeDevice), 21, '', {
    listType: 'map',
    mapKeys: ['devicePath'],
    mergeKey: 'devicePath',
    patchStrategy: 'merge',
  }),
  volumeMounts: f(list(volumeMount), 9, '', {
    listType: 'map',
    mapKeys: ['mountPath'],
    mergeKey: 'mountPath',
    patchStrategy: 'merge',
  }),
  workingDir: f(string, 5, ''),
});
export type Container = Infer<typeof container>;
