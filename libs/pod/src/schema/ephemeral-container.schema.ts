import { boolean, f, type Infer, list, named, object, req, string } from '#model';
import { containerPort, containerRestartRule, volumeDevice, volumeMount } from './container.schema.js';
import { envFromSource, envVar } from './env.schema.js';
import { lifecycle, probe } from './probes.schema.js';
import { containerResizePolicy, resourceRequirements } from './resources.schema.js';
import { securityContext } from './security.schema.js';

export const ephemeralContainer = object(
  'io.k8s.api.core.v1.EphemeralContainer',
  'A container that is added to a running pod to look into it.',
  {
    name: req(string, 1, 'Name of the container, unique in the pod.', { inline: [1] }),
    image: f(string, 2, 'Image to run.', { inline: [1] }),
    command: f(list(string), 3, "What is run; the image's entry point where nothing is said.", {
      listType: 'atomic',
      inline: [1],
    }),
    args: f(list(string), 4, "Arguments; the image's where nothing is said.", { listType: 'atomic', inline: [1] }),
    workingDir: f(string, 5, "Folder in which the container starts; the image's where nothing is said.", {
      inline: [1],
    }),
    ports: f(list(containerPort), 6, 'Not allowed here.', {
      listType: 'map',
      mapKeys: ['containerPort', 'protocol'],
      mergeKey: 'containerPort',
      patchStrategy: 'merge',
      inline: [1],
    }),
    envFrom: f(list(envFromSource), 19, 'Sources of many variables; env wins over them.', {
      listType: 'atomic',
      inline: [1],
    }),
    env: f(list(envVar), 7, 'Variables of the environment.', {
      listType: 'map',
      mapKeys: ['name'],
      mergeKey: 'name',
      patchStrategy: 'merge',
      inline: [1],
    }),
    resources: f(resourceRequirements, 8, 'Not allowed here: it uses what the pod has to spare.', {
      inline: [1],
      always: {},
    }),
    resizePolicy: f(list(containerResizePolicy), 23, 'Not allowed here.', { listType: 'atomic', inline: [1] }),
    restartPolicy: f(named('v1.ContainerRestartPolicy'), 24, 'Not allowed here: it is never restarted.', {
      inline: [1],
      pointer: true,
    }),
    restartPolicyRules: f(list(containerRestartRule), 25, 'Not allowed here.', { listType: 'atomic', inline: [1] }),
    volumeMounts: f(list(volumeMount), 9, 'Volumes of the pod at paths of the container.', {
      listType: 'map',
      mapKeys: ['mountPath'],
      mergeKey: 'mountPath',
      patchStrategy: 'merge',
      inline: [1],
    }),
    volumeDevices: f(list(volumeDevice), 21, 'Block devices of the pod that the container uses.', {
      listType: 'map',
      mapKeys: ['devicePath'],
      mergeKey: 'devicePath',
      patchStrategy: 'merge',
      inline: [1],
    }),
    livenessProbe: f(probe, 10, 'Not allowed here.', { inline: [1] }),
    readinessProbe: f(probe, 11, 'Not allowed here.', { inline: [1] }),
    startupProbe: f(probe, 22, 'Not allowed here.', { inline: [1] }),
    lifecycle: f(lifecycle, 12, 'Not allowed here.', { inline: [1] }),
    terminationMessagePath: f(string, 13, "File from which the container's last words are taken.", {
      fill: '/dev/termination-log',
      inline: [1],
    }),
    terminationMessagePolicy: f(
      named('v1.TerminationMessagePolicy'),
      20,
      'Where last words come from: File or FallbackToLogsOnError.',
      {
        fill: 'File',
        inline: [1],
      },
    ),
    imagePullPolicy: f(named('v1.PullPolicy'), 14, 'When the image is pulled: Always, IfNotPresent or Never.', {
      inline: [1],
    }),
    securityContext: f(securityContext, 15, 'Rights of the container.', { inline: [1] }),
    stdin: f(boolean, 16, "Whether the container's input is kept open for an attached client.", { inline: [1] }),
    stdinOnce: f(boolean, 17, 'Whether input ends with the first client that was attached.', { inline: [1] }),
    tty: f(boolean, 18, 'Whether the container has a terminal; needs stdin.', { inline: [1] }),
    targetContainerName: f(string, 2, 'Container whose processes this one sees.'),
  },
);
export type EphemeralContainer = Infer<typeof ephemeralContainer>;
