import { invalid, notSupported, qualifiedName, required } from '#meta';
import type { Problem } from '#model';
import type { ObjectFieldSelector, ResourceFieldSelector, DownwardAPIVolumeFile } from '#pod';
import { each, fileMode, localPath, type Problems } from '../../validation/checks.js';

/** What a variable may show of its pod, and what a file may. */
export const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
] as const;
export const FILE_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
] as const;
/** Every field of a pod that has a name of its own; the rest are unknown words. */
const KNOWN = new Set([
  ...ENV_FIELDS,
  ...FILE_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
  'spec.host',
]);

export function validateFieldRef(field: string, ref: ObjectFieldSelector, allowed: readonly string[]): Problems {
  const at = `${field}.fieldPath`;
  const found: Problem[] = ref.apiVersion ? [] : [required(`${field}.apiVersion`)];
  if (ref.fieldPath === '') return [...found, required(at)];
  const subscript = /^(.*)\['(.*)'\]$/.exec(ref.fieldPath);
  const unknown = unknownField(ref, subscript?.[1]);
  if (unknown) return [...found, invalid(at, ref.fieldPath, `error converting fieldPath: ${unknown}`)];
  if (subscript) return [...found, ...subscriptProblems(field, subscript[1] ?? '', subscript[2] ?? '')];
  if (!allowed.includes(ref.fieldPath)) found.push(notSupported(at, ref.fieldPath, allowed));
  return found;
}

function unknownField(ref: ObjectFieldSelector, subscripted: string | undefined): string | undefined {
  if (ref.apiVersion && ref.apiVersion !== 'v1') return `unsupported pod version: ${ref.apiVersion}`;
  if (subscripted === undefined)
    return KNOWN.has(ref.fieldPath) ? undefined : `field label not supported: ${ref.fieldPath}`;
  const mayHaveKeys = subscripted === 'metadata.annotations' || subscripted === 'metadata.labels';
  return mayHaveKeys ? undefined : `field label does not support subscript: ${ref.fieldPath}`;
}

function subscriptProblems(field: string, path: string, key: string): Problems {
  return each(field, key, qualifiedName(path === 'metadata.annotations' ? key.toLowerCase() : key));
}

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const SIZES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function validateResourceRef(field: string, ref: ResourceFieldSelector, place: 'env' | 'file'): Problems {
  if (place === 'file' && !ref.containerName) return [required(`${field}.containerName`)];
  if (ref.resource === '') return [required(`${field}.resource`)];
  const hugePages = /^(limits|requests)\.hugepages-/.test(ref.resource);
  const found: Problem[] = [];
  if (!hugePages && !RESOURCES.includes(ref.resource)) {
    found.push(notSupported(`${field}.resource`, ref.resource, RESOURCES));
  }
  return [...found, ...divisorProblems(`${field}.divisor`, ref.resource, ref.divisor ?? '0')];
}

function divisorProblems(field: string, resource: string, divisor: string): Problems {
  if (divisor === '0') return [];
  const name = resource.slice(resource.indexOf('.') + 1);
  if (name === 'cpu') {
    if (divisor === '1m' || divisor === '1') return [];
    return [invalid(field, resource, "only divisor's values 1m and 1 are supported with the cpu resource")];
  }
  if (SIZES.includes(divisor)) return [];
  const what = name === 'memory' ? 'memory' : name.startsWith('hugepages-') ? 'hugepages' : 'local ephemeral storage';
  return [
    invalid(field, resource, `only divisor's values ${SIZES.join(', ')} are supported with the ${what} resource`),
  ];
}

/** A file of a downward volume: problems are about the volume, without the file's number. */
export function validateDownwardFile(field: string, file: DownwardAPIVolumeFile): Problems {
  const found: Problem[] = file.path === '' ? [required(`${field}.path`)] : [];
  found.push(...localPath(`${field}.path`, file.path));
  if (file.fieldRef) {
    found.push(...validateFieldRef(`${field}.fieldRef`, file.fieldRef, FILE_FIELDS));
    if (file.resourceFieldRef) {
      found.push(invalid(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (file.resourceFieldRef) {
    found.push(...validateResourceRef(`${field}.resourceFieldRef`, file.resourceFieldRef, 'file'));
  } else found.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  return [...found, ...fileMode(`${field}.mode`, file.mode)];
}
