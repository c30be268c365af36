import { dns1123Label, duplicate, forbidden, invalid, required, tooLong } from '#meta';
import type { Problem } from '#model';
import type { Container, ContainerPort, ContainerRestartRule, EphemeralContainer, PodSpec } from '#pod';
import { jsonEquals } from '#std';
import {
  each,
  items,
  notFound,
  oneOf,
  portName,
  portNumber,
  type Problems,
  supportedOnly,
} from '../../validation/checks.js';
import { validateEnv, validateEnvFrom } from './env.js';
import { validateLifecycle, validateProbe, type ProbeName } from './probes.js';
import { validateResizePolicy, validateResources } from './resources.js';
import { validateSecurityContext } from './security.js';
import { validateDevices, validateMounts, type Volumes } from './volumes.js';

/** What containers are checked against. */
export interface PodRules {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  readonly claims: readonly string[];
}
const PROBES: readonly ProbeName[] = ['livenessProbe', 'readinessProbe', 'startupProbe'];

export function validateContainers(field: string, rules: PodRules): Problems {
  const containers = items(rules.spec.containers);
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  const found = containers.flatMap((container, i) => {
    const at = `${field}[${i}]`;
    return [
      ...common(at, container, rules),
      ...unique(`${at}.name`, container.name, names),
      ...hooksAndProbes(at, container, rules.spec.terminationGracePeriodSeconds),
      ...restartProblems(at, container),
    ];
  });
  return [...found, ...hostPorts(field, containers)];
}

/** Init containers run one after another; only those that stay beside the pod have hooks and probes. */
export function validateInitContainers(field: string, rules: PodRules): Problems {
  const names = new Set(items(rules.spec.containers).map((c) => c.name));
  const isNameless = names.has('');
  return items(rules.spec.initContainers).flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = [...common(at, container, rules), ...initRestartProblems(at, container)];
    found.push(...unique(`${at}.name`, container.name, names), ...hostPorts(field, [container]));
    // Of init containers alone two may lack a name without being called the same.
    if (container.name === '' && !isNameless) names.delete('');
    if (container.restartPolicy === 'Always') {
      found.push(...hooksAndProbes(at, container, rules.spec.terminationGracePeriodSeconds));
    } else {
      for (const name of ['lifecycle', ...PROBES] as const) {
        if (!container[name]) continue;
        found.push(forbidden(`${at}.${name}`, 'may not be set for init containers without restartPolicy=Always'));
      }
    }
    return found;
  });
}

/** In the order in which they are looked at. */
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  ...PROBES,
  'lifecycle',
] as const;

export function validateEphemeralContainers(field: string, rules: PodRules): Problems {
  const names = new Set([...items(rules.spec.containers), ...items(rules.spec.initContainers)].map((c) => c.name));
  return items(rules.spec.ephemeralContainers).flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = [...common(at, container, rules), ...imageSpace(`${at}.image`, container.image)];
    found.push(...unique(`${at}.name`, container.name, names), ...targetProblems(at, container, rules.spec));
    for (const name of NOT_EPHEMERAL) {
      if (isGiven(name, container[name]))
        found.push(forbidden(`${at}.${name}`, 'cannot be set for an Ephemeral Container'));
    }
    items(container.volumeMounts).forEach((mount, j) => {
      if (mount.subPath)
        found.push(forbidden(`${at}.volumeMounts[${j}].subPath`, 'cannot be set for an Ephemeral Container'));
      if (mount.subPathExpr)
        found.push(forbidden(`${at}.volumeMounts[${j}].subPathExpr`, 'cannot be set for an Ephemeral Container'));
    });
    return found;
  });
}
/** A part without anything in it is given all the same, except for `resources`, which are always there. */
function isGiven(name: (typeof NOT_EPHEMERAL)[number], value: unknown): boolean {
  return value !== undefined && value !== null && !(name === 'resources' && jsonEquals(value, {}));
}

/** Pods are checked for what templates may say: blanks around the name of an image. */
export function imageSpace(field: string, image = ''): Problems {
  return image === image.trim() ? [] : [invalid(field, image, 'must not have leading or trailing whitespace')];
}

function targetProblems(at: string, { targetContainerName: target }: EphemeralContainer, spec: PodSpec): Problems {
  if (!target || [...items(spec.containers), ...items(spec.initContainers)].some((c) => c.name === target)) return [];
  return [notFound(`${at}.targetContainerName`, target)];
}

/** Files that variables are read from lie in empty folders of the pod. */
export function validateEnvFiles(field: string, spec: PodSpec): Problems {
  const volumes = new Map(items(spec.volumes).map((volume) => [volume.name, volume]));
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((name) =>
    items(spec[name]).flatMap((container, i) =>
      items(container.env).flatMap(({ valueFrom }, j) => {
        if (!valueFrom?.fileKeyRef) return [];
        const { volumeName } = valueFrom.fileKeyRef;
        const at = `${field}.${name}[${i}].env[${j}].valueFrom.fileKeyRef.volumeName`;
        const volume = volumes.get(volumeName);
        if (!volume) return [notFound(at, volumeName)];
        return volume.emptyDir ? [] : each(at, volumeName, ['referenced volume must be of type emptyDir']);
      }),
    ),
  );
}

/** What all three sorts of containers must keep. */
function common(at: string, container: Container, { spec, volumes, claims }: PodRules): Problems {
  return [
    ...(container.name === ''
      ? [required(`${at}.name`)]
      : each(`${at}.name`, container.name, dns1123Label(container.name))),
    ...(container.image ? [] : [required(`${at}.image`)]),
    ...oneOf(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']),
    ...portProblems(`${at}.ports`, container.ports),
    ...validateEnv(`${at}.env`, container.env),
    ...validateEnvFrom(`${at}.envFrom`, container.envFrom),
    ...validateMounts(`${at}.volumeMounts`, container, volumes),
    ...validateDevices(`${at}.volumeDevices`, container.volumeDevices, container, volumes),
    ...oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...validateResources(`${at}.resources`, container.resources, { claims }),
    ...validateResizePolicy(`${at}.resizePolicy`, container.resizePolicy, spec.restartPolicy),
    ...validateSecurityContext(`${at}.securityContext`, container.securityContext, spec.hostUsers),
  ];
}

function unique(field: string, name: string, names: Set<string>): Problems {
  if (names.has(name)) return [duplicate(field, name)];
  names.add(name);
  return [];
}

function hooksAndProbes(at: string, container: Container, graceSeconds: number | undefined): Problems {
  return [
    ...validateLifecycle(`${at}.lifecycle`, container.lifecycle, graceSeconds),
    ...PROBES.flatMap((name) => validateProbe(`${at}.${name}`, name, container[name])),
  ];
}

function restartProblems(at: string, { restartPolicy, restartPolicyRules }: Container): Problems {
  const rules = items(restartPolicyRules);
  const needsPolicy = restartPolicy === undefined && rules.length > 0;
  return [
    ...(needsPolicy ? [required(`${at}.restartPolicy`, NO_POLICY)] : []),
    ...supportedOnly(`${at}.restartPolicy`, restartPolicy, ['Always', 'Never', 'OnFailure']),
    ...(rules.length > 20 ? [tooLong(`${at}.restartPolicyRules`, 20)] : []),
    ...rules.flatMap((rule, i) => ruleProblems(`${at}.restartPolicyRules[${i}]`, rule)),
  ];
}

const NO_POLICY = 'must specify restartPolicy when restart rules are used';

/** Init containers that are always restarted stay beside the pod: no exit code makes an exception. */
function initRestartProblems(at: string, container: Container): Problems {
  const { restartPolicy, restartPolicyRules } = container;
  const hasRules = items(restartPolicyRules).length > 0;
  if (restartPolicy === undefined) return hasRules ? [required(`${at}.restartPolicy`, NO_POLICY)] : [];
  if (restartPolicy !== 'Always') return restartProblems(at, container);
  const words = 'restartPolicyRules are not allowed for init containers with restart policy Always';
  return hasRules ? [forbidden(`${at}.restartPolicyRules`, words)] : [];
}

function ruleProblems(at: string, { action, exitCodes }: ContainerRestartRule): Problems {
  const found = supportedOnly(`${at}.action`, action ?? '', ['Restart']);
  if (!exitCodes) return [...found, required(`${at}.exitCodes`, 'must be specified')];
  return [
    ...found,
    ...supportedOnly(`${at}.exitCodes.operator`, exitCodes.operator ?? '', ['In', 'NotIn']),
    ...(items(exitCodes.values).length > 255 ? [tooLong(`${at}.exitCodes.values`, 255)] : []),
  ];
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
function portProblems(field: string, ports: readonly ContainerPort[] | undefined): Problems {
  const names = new Set<string>();
  return items(ports).flatMap((port, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = [];
    if (port.name) {
      const words = portName(port.name);
      if (words.length > 0) found.push(...each(`${at}.name`, port.name, words));
      else found.push(...unique(`${at}.name`, port.name, names));
    }
    if (port.containerPort === 0) found.push(required(`${at}.containerPort`));
    else found.push(...portNumber(`${at}.containerPort`, port.containerPort));
    if (port.hostPort) found.push(...portNumber(`${at}.hostPort`, port.hostPort));
    return [...found, ...oneOf(`${at}.protocol`, port.protocol, PROTOCOLS)];
  });
}

/** Two containers of a pod cannot have the same port of the node. */
function hostPorts(field: string, containers: readonly Container[]): Problems {
  const taken = new Set<string>();
  return containers.flatMap((container, i) =>
    items(container.ports).flatMap((port, j) => {
      if (!port.hostPort) return [];
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`;
      const at = `${field}[${i}].ports[${j}].hostPort`;
      if (taken.has(key)) return [duplicate(at, key)];
      taken.add(key);
      return [];
    }),
  );
}
