import { quantityMilliValue, quantityOf } from '#meta';
import type { Container } from '../container.schema.js';
import type { PodSpec } from '../pod-spec.schema.js';
import type { Volume } from '../volumes.schema.js';
import { items } from './checks.js';
import { warnOfIp } from './warn-ip.js';

/** What is allowed in a pod's spec and yet is likely to be a mistake. */
export function podSpecWarnings(field: string, spec: PodSpec): readonly string[] {
  const containers = containersOf(field, spec);
  return [
    ...labelWarnings(field, spec),
    ...items(spec.topologySpreadConstraints).flatMap((constraint, i) => {
      const at = `${field}.topologySpreadConstraints[${i}]`;
      const old = OLD_LABELS[constraint.topologyKey];
      return [
        ...(old ? [`${at}.topologyKey: ${constraint.topologyKey} is ${old}`] : []),
        ...(constraint.labelSelector ? [] : [`${at}.labelSelector: a null labelSelector results in matching no pod`]),
      ];
    }),
    ...addressWarnings(field, spec),
    ...items(spec.volumes).flatMap((volume, i) => volumeWarnings(`${field}.volumes[${i}]`, volume)),
    ...secretWarnings(`${field}.imagePullSecrets`, spec),
    ...containers.flatMap(([at, container]) => containerWarnings(at, container)),
    ...portNameWarnings(containers),
    ...graceWarnings(field, spec),
    ...termWarnings(field, spec),
  ];
}

type Located = readonly [at: string, container: Container];
function containersOf(field: string, spec: PodSpec): readonly Located[] {
  return (['initContainers', 'containers'] as const).flatMap((name) =>
    items(spec[name]).map((container, i): Located => [`${field}.${name}[${i}]`, container]),
  );
}

const OLD_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};
function labelWarnings(field: string, spec: PodSpec): readonly string[] {
  const ofSelector = Object.keys(spec.nodeSelector ?? {}).flatMap((key) =>
    warnOfLabel(`${field}.nodeSelector[${key}]`, key),
  );
  const node = spec.affinity?.nodeAffinity;
  const at = `${field}.affinity.nodeAffinity`;
  const required = items(node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms).flatMap((term, i) =>
    items(term.matchExpressions).flatMap(({ key }, j) =>
      warnOfLabel(
        `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}].matchExpressions[${j}].key`,
        key,
        true,
      ),
    ),
  );
  const preferred = items(node?.preferredDuringSchedulingIgnoredDuringExecution).flatMap((term, i) =>
    items(term.preference?.matchExpressions).flatMap(({ key }, j) =>
      warnOfLabel(
        `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference.matchExpressions[${j}].key`,
        key,
        true,
      ),
    ),
  );
  return [...ofSelector, ...required, ...preferred];
}
function warnOfLabel(field: string, key: string, named = false): readonly string[] {
  const old = OLD_LABELS[key];
  if (!old) return [];
  return [named ? `${field}: ${key} is ${old}` : `${field}: ${old}`];
}

function addressWarnings(field: string, spec: PodSpec): readonly string[] {
  const seen = new Set<string>();
  return [
    ...items(spec.hostAliases).flatMap(({ ip }, i) => {
      const at = `${field}.hostAliases[${i}].ip`;
      const repeated = seen.has(ip) ? [`${at}: duplicate ip "${ip}"`] : [];
      seen.add(ip);
      return [...repeated, ...warnOfIp(at, ip)];
    }),
    ...items(spec.dnsConfig?.nameservers).flatMap((ip, i) => warnOfIp(`${field}.dnsConfig.nameservers[${i}]`, ip)),
  ];
}

const OLD_VOLUMES: Readonly<Partial<Record<keyof Volume, string>>> = {
  cephfs: 'cephfs: deprecated in v1.28, non-functional in v1.31+',
  flocker: 'flocker: deprecated in v1.22, non-functional in v1.25+',
  gitRepo: 'gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
  glusterfs: 'glusterfs: deprecated in v1.25, non-functional in v1.26+',
  photonPersistentDisk: 'photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+',
  quobyte: 'quobyte: deprecated in v1.22, non-functional in v1.25+',
  rbd: 'rbd: deprecated in v1.28, non-functional in v1.31+',
  scaleIO: 'scaleIO: deprecated in v1.16, non-functional in v1.22+',
  storageos: 'storageOS: deprecated in v1.22, non-functional in v1.25+',
};
function volumeWarnings(at: string, volume: Volume): readonly string[] {
  const old = (Object.keys(OLD_VOLUMES) as (keyof Volume)[]).flatMap((name) =>
    volume[name] === undefined ? [] : [`${at}.${OLD_VOLUMES[name] ?? ''}`],
  );
  const isHollow =
    volume.projected &&
    (items(volume.projected.sources).length === 0 ||
      items(volume.projected.sources).some((source) => Object.keys(source).length === 0));
  return isHollow ? [...old, `volume "${volume.name}" (Projected) has no sources provided`] : old;
}

function secretWarnings(field: string, spec: PodSpec): readonly string[] {
  const seen = new Set<string>();
  return items(spec.imagePullSecrets).flatMap(({ name = '' }, i) => {
    const at = `${field}[${i}].name`;
    if (name === '') return [`${at}: invalid empty name ""`];
    if (seen.has(name)) return [`${at}: duplicate name "${name}"`];
    seen.add(name);
    return [];
  });
}

function containerWarnings(at: string, container: Container): readonly string[] {
  const out: string[] = [];
  for (const list of ['limits', 'requests'] as const) {
    const amounts = container.resources?.[list] ?? {};
    for (const name of ['memory', 'ephemeral-storage']) {
      const text = amounts[name];
      if (text === undefined || quantityMilliValue(quantityOf(text)) % 1000 === 0) continue;
      out.push(`${at}.resources.${list}[${name}]: fractional byte value "${text}" is invalid, must be an integer`);
    }
  }
  return [...out, ...envWarnings(at, container), ...portWarnings(at, container)];
}

function envWarnings(at: string, container: Container): readonly string[] {
  const seen = new Map<string, string>();
  return items(container.env).flatMap((variable, i) => {
    const before = seen.get(variable.name);
    seen.set(variable.name, variable.value ?? '');
    if (before === undefined) return [];
    // A value that builds on the earlier one means to come after it.
    if (variable.value?.includes(`$(${variable.name})`)) return [];
    return [`${at}.env[${i}]: hides previous definition of "${variable.name}", which may be dropped when using apply`];
  });
}

function portWarnings(at: string, container: Container): readonly string[] {
  const seen = new Map<string, string>();
  return items(container.ports).flatMap((port, j) => {
    const key = [port.containerPort, port.hostPort ?? 0, port.protocol, port.hostIP ?? ''].join('/');
    const here = `${at}.ports[${j}]`;
    const first = seen.get(key);
    if (first !== undefined) return [`${here}: duplicate port definition with ${first}`];
    seen.set(key, here);
    return [];
  });
}

/** Services and probes find ports by name: the first of a name is found. */
function portNameWarnings(containers: readonly Located[]): readonly string[] {
  const first = new Map<string, { readonly at: string; readonly container: string }>();
  return containers.flatMap(([at, container]) =>
    items(container.ports).flatMap((port, j) => {
      if (!port.name) return [];
      const here = `${at}.ports[${j}]`;
      const earlier = first.get(port.name);
      if (earlier === undefined) first.set(port.name, { at: here, container: at });
      if (earlier === undefined || earlier.container === at) return [];
      const words = `services and probes that select ports by name will use ${earlier.at}`;
      return [`${here}: duplicate port name "${port.name}" with ${earlier.at}, ${words}`];
    }),
  );
}

/** Of templates only: what a pod itself asks for is corrected without a word. */
function graceWarnings(field: string, spec: PodSpec): readonly string[] {
  if (field === 'spec' || (spec.terminationGracePeriodSeconds ?? 0) >= 0) return [];
  return [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`];
}

/** A term without a selector matches no pod at all. */
function termWarnings(field: string, spec: PodSpec): readonly string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((name) => {
    const affinity = spec.affinity?.[name];
    const at = `${field}.affinity.${name}`;
    const words = 'a null labelSelector results in matching no pod';
    return [
      ...items(affinity?.requiredDuringSchedulingIgnoredDuringExecution).flatMap((term, i) =>
        term.labelSelector
          ? []
          : [`${at}.requiredDuringSchedulingIgnoredDuringExecution[${i}].labelSelector: ${words}`],
      ),
      ...items(affinity?.preferredDuringSchedulingIgnoredDuringExecution).flatMap((term, i) =>
        term.podAffinityTerm.labelSelector
          ? []
          : [`${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm.labelSelector: ${words}`],
      ),
    ];
  });
}
