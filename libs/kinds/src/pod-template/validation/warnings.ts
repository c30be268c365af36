import { ipWarnings, labelValueProblems, quantityMilliValue, quantityOf, quantityText } from '#meta';
import type { NodeSelectorTerm, Container, PodSpec, PodTemplateSpec, Volume } from '#pod';
import { containerProfileWarnings, podAnnotationWarnings, seccompWarnings } from './annotation-warnings.js';
import { items } from '../../validation/checks.js';
import { oldLabel } from './old-labels.js';
import { overlapWarnings } from './overlap-warnings.js';
import { portNameWarnings, portWarnings, type Located } from './port-warnings.js';

/** What is allowed in a template (at `spec.template`) or, without a path, in a pod, and yet is likely to be a mistake. */
export function podWarnings(path: string, { metadata, spec }: PodTemplateSpec): readonly string[] {
  if (!spec) return [];
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const field = at('spec');
  const containers = containersOf(field, spec);
  const annotations = metadata?.annotations ?? {};
  return [
    ...labelWarnings(field, spec),
    ...spreadWarnings(`${field}.topologySpreadConstraints`, spec),
    ...podAnnotationWarnings(at('metadata.annotations'), annotations, OLD_ANNOTATIONS),
    ...items(spec.volumes).flatMap((volume, i) => volumeWarnings(`${field}.volumes[${i}]`, volume)),
    ...items(spec.volumes).flatMap(overlapWarnings),
    ...repeated(items(spec.hostAliases).map(({ ip }) => ip)).map(
      ([i, ip]) => `${field}.hostAliases[${i}].ip: duplicate ip "${ip}"`,
    ),
    ...secretWarnings(`${field}.imagePullSecrets`, spec),
    ...['memory', 'ephemeral-storage'].flatMap((name) => fraction(`${field}.overhead[${name}]`, spec.overhead?.[name])),
    ...seccompWarnings(at('metadata.annotations'), annotations, spec),
    ...containers.flatMap(([here, container]) => [
      ...containerProfileWarnings(at('metadata.annotations'), annotations, container, path === '' ? undefined : spec),
      ...containerWarnings(here, container),
    ]),
    ...portWarnings(containers),
    ...portNameWarnings(containers),
    ...graceWarnings(field, spec),
    ...termWarnings(field, spec),
    ...items(spec.dnsConfig?.nameservers).flatMap((ip, i) => ipWarnings(`${field}.dnsConfig.nameservers[${i}]`, ip)),
    ...items(spec.hostAliases).flatMap(({ ip }, i) => ipWarnings(`${field}.hostAliases[${i}].ip`, ip)),
  ];
}

function containersOf(field: string, spec: PodSpec): readonly Located[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((name) =>
    items(spec[name]).map((container, i): Located => [`${field}.${name}[${i}]`, container]),
  );
}

const OLD_ANNOTATIONS: readonly (readonly [key: string, words: string])[] = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
];

function labelWarnings(field: string, spec: PodSpec): readonly string[] {
  const ofSelector = Object.keys(spec.nodeSelector ?? {}).flatMap((key) => {
    const old = oldLabel(key);
    return old === undefined ? [] : [`${field}.nodeSelector[${key}]: ${old}`];
  });
  const node = spec.affinity?.nodeAffinity;
  const at = `${field}.affinity.nodeAffinity`;
  const required = items(node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms).flatMap((term, i) =>
    nodeTermWarnings(`${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`, term, false),
  );
  const preferred = items(node?.preferredDuringSchedulingIgnoredDuringExecution).flatMap(({ preference }, i) =>
    nodeTermWarnings(`${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`, preference, true),
  );
  return [...ofSelector, ...required, ...preferred];
}

/** Values that no label can have are refused where they are required, and only told of where they are liked. */
function nodeTermWarnings(field: string, term: NodeSelectorTerm, checksValues: boolean): readonly string[] {
  return items(term.matchExpressions).flatMap(({ key, values }, i) => {
    const at = `${field}.matchExpressions[${i}]`;
    const old = oldLabel(key);
    const wrong = items(checksValues ? values : []).flatMap((value, j) =>
      labelValueProblems(value).map((words) => `${at}.values[${j}]: ${value} is invalid, ${words}`),
    );
    return [...(old === undefined ? [] : [`${at}.key: ${key} is ${old}`]), ...wrong];
  });
}

const NO_SELECTOR = 'a null labelSelector results in matching no pod';

function spreadWarnings(field: string, { topologySpreadConstraints }: PodSpec): readonly string[] {
  return items(topologySpreadConstraints).flatMap(({ topologyKey, labelSelector }, i) => {
    const old = oldLabel(topologyKey);
    return [
      ...(old === undefined ? [] : [`${field}[${i}].topologyKey: ${topologyKey} is ${old}`]),
      ...(labelSelector ? [] : [`${field}[${i}].labelSelector: ${NO_SELECTOR}`]),
    ];
  });
}

const OLD_VOLUMES: readonly (readonly [name: keyof Volume, words: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo: deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO: deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker: deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS: deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte: deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs: deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs: deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd: deprecated in v1.28, non-functional in v1.31+'],
];

function volumeWarnings(at: string, volume: Volume): readonly string[] {
  const old = OLD_VOLUMES.flatMap(([name, words]) => (volume[name] === undefined ? [] : [`${at}.${words}`]));
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  const storage = (['requests', 'limits'] as const).flatMap((list) =>
    fraction(
      `${at}.ephemeral.volumeClaimTemplate.spec.resources.${list}[storage]`,
      claim?.resources?.[list]?.['storage'],
    ),
  );
  return [...old, ...storage];
}

/** Bytes do not come in parts. */
function fraction(field: string, text: string | undefined): readonly string[] {
  const quantity = quantityOf(text);
  if (quantityMilliValue(quantity) % 1000 === 0) return [];
  return [`${field}: fractional byte value "${quantityText(quantity)}" is invalid, must be an integer`];
}

/** Places and texts of a list that an earlier item has, too. */
function repeated(texts: readonly string[]): readonly (readonly [index: number, text: string])[] {
  return texts.flatMap((text, i) => (texts.indexOf(text) < i ? [[i, text] as const] : []));
}

function secretWarnings(field: string, spec: PodSpec): readonly string[] {
  const names = items(spec.imagePullSecrets).map(({ name = '' }) => name);
  return [
    ...repeated(names).map(([i, name]) => `${field}[${i}].name: duplicate name "${name}"`),
    ...names.flatMap((name, i) => (name === '' ? [`${field}[${i}].name: invalid empty name ""`] : [])),
  ];
}

function containerWarnings(at: string, { resources, env }: Container): readonly string[] {
  const amounts = ['memory', 'ephemeral-storage'].flatMap((name) =>
    (['limits', 'requests'] as const).flatMap((list) =>
      fraction(`${at}.resources.${list}[${name}]`, resources?.[list]?.[name]),
    ),
  );
  const names = items(env).map(({ name }) => name);
  const hidden = repeated(names).flatMap(([i, name]) => {
    const { value = '', valueFrom } = env?.[i] ?? {};
    // A value that builds on the earlier one means to come after it.
    const earlier = `$(${name})`;
    if (!valueFrom && value !== earlier && value.includes(earlier)) return [];
    return [`${at}.env[${i}]: hides previous definition of "${name}", which may be dropped when using apply`];
  });
  return [...amounts, ...hidden];
}

function graceWarnings(field: string, spec: PodSpec): readonly string[] {
  if ((spec.terminationGracePeriodSeconds ?? 0) >= 0) return [];
  return [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`];
}

/** A term without a selector matches no pod at all. */
function termWarnings(field: string, spec: PodSpec): readonly string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((name) => {
    const affinity = spec.affinity?.[name];
    const at = `${field}.affinity.${name}`;
    return [
      ...items(affinity?.requiredDuringSchedulingIgnoredDuringExecution).flatMap((term, i) =>
        term.labelSelector
          ? []
          : [`${at}.requiredDuringSchedulingIgnoredDuringExecution[${i}].labelSelector: ${NO_SELECTOR}`],
      ),
      ...items(affinity?.preferredDuringSchedulingIgnoredDuringExecution).flatMap((term, i) =>
        term.podAffinityTerm.labelSelector
          ? []
          : [
              `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm.labelSelector: ${NO_SELECTOR}`,
            ],
      ),
    ];
  });
}
