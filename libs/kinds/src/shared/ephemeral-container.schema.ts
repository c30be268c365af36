import { boolean, f, type Infer, list, object, req, string } from '#model';
import { containerPort, containerRestartRule, volumeDevice, volumeMount } from './container.schema.js';
import { envFromSource, envVar } from './env.schema.js';
import { lifecycle, probe } from './probes.schema.js';
import { containerResizePolicy, resourceRequirements } from './resources.schema.js';
import { securityContext } from './security.schema.js';

export const ephemeralContainer = object('io.k8s.api.core.v1.EphemeralContainer', '', {
  args: f(list(string), 4, '', { listType: 'atomic', inline: [1] }),
  command: f(list(string), 3, '', { listType: 'atomic', inline: [1] }),
  env: f(list(envVar), 7, '', {
    listType: 'map',
    mapKeys: ['name'],
    mergeKey: 'name',
    patchStrategy: 'merge',
    inline: [1],
  }),
  envFrom: f(list(envFromSource), 19, '', { listType: 'atomic', inline: [1] }),
  image: f(string, 2, '', { inline: [1] }),
  imagePullPolicy: f(string, 14, '', { inline: [1] }),
  lifecycle: f(lifecycle, 12, '', { inline: [1] }),
  livenessProbe: f(probe, 10, '', { inline: [1] }),
  name: req(string, 1, '', { inline: [1] }),
  ports: f(list(containerPort), 6, '', {
    listType: 'map',
    mapKeys: ['containerPort', 'protocol'],
    mergeKey: 'containerPort',
    patchStrategy: 'merge',
    inline: [1],
  }),
  readinessProbe: f(probe, 11, '', { inline: [1] }),
  resizePolicy: f(list(containerResizePolicy), 23, '', { listType: 'atomic', inline: [1] }),
  resources: f(resourceRequirements, 8, '', { inline: [1], always: {} }),
  restartPolicy: f(string, 24, '', { inline: [1], pointer: true }),
  restartPolicyRules: f(list(containerRestartRule), 25, '', { listType: 'atomic', inline: [1] }),
  securityContext: f(securityContext, 15, '', { inline: [1] }),
  startupProbe: f(probe, 22, '', { inline: [1] }),
  stdin: f(boolean, 16, '', { inline: [1] }),
  stdinOnce: f(boolean, 17, '', { inline: [1] }),
  targetContainerName: f(string, 2, ''),
  terminationMessagePath: f(string, 13, '', { fill: '/dev/termination-log', inline: [1] }),
  terminationMessagePolicy: f(string, 20, '', { fill: 'File', inline: [1] }),
  tty: f(boolean, 18, '', { inline: [1] }),
  volumeDevices: f(list(volumeDevice), 21, '', {
    listType: 'map',
    mapKeys: ['devicePath'],
    mergeKey: 'devicePath',
    patchStrategy: 'merge',
    inline: [1],
  }),
  volumeMounts: f(list(volumeMount), 9, '', {
    listType: 'map',
    mapKeys: ['mountPath'],
    mergeKey: 'mountPath',
    patchStrategy: 'merge',
    inline: [1],
  }),
  workingDir: f(string, 5, '', { inline: [1] }),
});
export type EphemeralContainer = Infer<typeof ephemeralContainer>;
