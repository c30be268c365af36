import { byteLength, dns1123Label, dns1123Subdomain, invalid, notSupported, required } from '#meta';
import type { Problem } from '#model';
import type { Volume } from '#pod';
import {
  each,
  fileMode,
  inRange,
  items,
  localPath,
  noBacksteps,
  oneOf,
  type Problems,
  supportedOnly,
} from '../../validation/checks.js';
import { validateDownwardFile } from './downward.js';
import { csiDriverName } from '../../validation/csi-driver-name.js';
import { validateKeys } from '../../validation/keys.js';
import { validateEphemeral } from './volume-claim.js';
import { validateProjected } from './volume-projected.js';

/** The volume that a source is of, and, unless it is a template's, the pod's name. */
export interface Owner {
  readonly field: string;
  readonly volume: string;
  readonly pod: string | undefined;
}

/** One check a kind of volume; `at` is the field of the source. */
type Checks = {
  readonly [K in Exclude<keyof Volume, 'name'>]-?: (
    at: string,
    source: NonNullable<Volume[K]>,
    owner: Owner,
  ) => Problems;
};

/** A text that must be there. */
const needs = (at: string, source: object, ...names: readonly string[]): Problem[] =>
  names.flatMap((name) => {
    const value = (source as Readonly<Record<string, unknown>>)[name];
    const empty = value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
    return empty ? [required(`${at}.${name}`)] : [];
  });

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** In the order in which they are looked at: of two sources the later one is told to be too many. */
export const SOURCE_CHECKS: Checks = {
  emptyDir: (at, { sizeLimit }) =>
    sizeLimit?.startsWith('-')
      ? [{ type: 'Forbidden', field: `${at}.sizeLimit`, detail: 'SizeLimit field must be a valid resource quantity' }]
      : [],
  gitRepo: (at, source) => [
    ...needs(at, source, 'repository'),
    ...localPath(`${at}.directory`, source.directory ?? ''),
  ],
  hostPath: (at, { path, type }) => {
    if (path === '') return [required(`${at}.path`)];
    return [...noBacksteps(`${at}.path`, path), ...supportedOnly(`${at}.type`, type, HOST_PATH_TYPES)];
  },
  // Kubernetes calls it by another name where it finds faults with it.
  gcePersistentDisk: (at, source) => {
    const disk = at.replace(/gcePersistentDisk$/, 'persistentDisk');
    return [...needs(disk, source, 'pdName'), ...partition(disk, source.partition)];
  },
  awsElasticBlockStore: (at, source) => [...needs(at, source, 'volumeID'), ...partition(at, source.partition)],
  secret: (at, source) => [
    ...needs(at, source, 'secretName'),
    ...modeProblems(at, source.defaultMode),
    ...validateKeys(`${at}.items`, source.items),
  ],
  nfs: (at, source) => {
    const found = needs(at, source, 'server', 'path');
    if (!source.path.startsWith('/')) found.push(invalid(`${at}.path`, source.path, 'must be an absolute path'));
    return found;
  },
  iscsi: (at, source) => {
    const found = needs(at, source, 'targetPortal', 'iqn');
    if (source.iqn) found.push(...initiator(`${at}.iqn`, source.iqn));
    const { initiatorName } = source;
    if (source.lun < 0 || source.lun > 255)
      found.push(invalid(`${at}.lun`, source.lun, 'must be between 0 and 255, inclusive'));
    if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef)
      found.push(required(`${at}.secretRef`));
    if (initiatorName !== undefined) found.push(...initiator(`${at}.initiatorname`, initiatorName));
    return found;
  },
  glusterfs: (at, source) => needs(at, source, 'endpoints', 'path'),
  flocker: (at, { datasetName, datasetUUID }) => {
    if (!datasetName && !datasetUUID) return [required(at, 'one of datasetName and datasetUUID is required')];
    if (datasetName && datasetUUID)
      return [invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')];
    return datasetName?.includes('/') ? [invalid(`${at}.datasetName`, datasetName, "must not contain '/'")] : [];
  },
  persistentVolumeClaim: (at, source) => needs(at, source, 'claimName'),
  rbd: (at, source) => needs(at, source, 'monitors', 'image'),
  cinder: (at, source) => [
    ...needs(at, source, 'volumeID'),
    ...(source.secretRef ? needs(`${at}.secretRef`, source.secretRef, 'name') : []),
  ],
  cephfs: (at, source) => needs(at, source, 'monitors'),
  quobyte: (at, source) => [...registryProblems(at, source), ...needs(at, source, 'volume')],
  downwardAPI: (at, source) => [
    ...modeProblems(at, source.defaultMode),
    ...items(source.items).flatMap((file) => validateDownwardFile(at, file)),
  ],
  fc: (at, source) => {
    const found: Problem[] = [];
    const wwns = items(source.targetWWNs).length;
    const wwids = items(source.wwids).length;
    if (wwns === 0 && wwids === 0)
      found.push(required(`${at}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'));
    if (wwns > 0 && wwids > 0)
      found.push(
        invalid(`${at}.targetWWNs`, source.targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'),
      );
    if (wwns > 0 && source.lun === undefined)
      found.push(required(`${at}.lun`, 'lun is required if targetWWNs is specified'));
    else if (wwns > 0 && source.lun !== undefined) found.push(...inRange(`${at}.lun`, source.lun, 0, 255));
    return found;
  },
  flexVolume: (at, source) => [
    ...needs(at, source, 'driver'),
    ...Object.keys(source.options ?? {}).flatMap((key) => flexOption(`${at}.options[${key}]`, key)),
  ],
  configMap: (at, source) => [
    ...needs(at, source, 'name'),
    ...modeProblems(at, source.defaultMode),
    ...validateKeys(`${at}.items`, source.items),
  ],
  azureFile: (at, source) => needs(at, source, 'secretName', 'shareName'),
  vsphereVolume: (at, source) => needs(at, source, 'volumePath'),
  photonPersistentDisk: (at, source) => needs(at, source, 'pdID'),
  portworxVolume: (at, source) => needs(at, source, 'volumeID'),
  azureDisk: (at, source) => [
    ...needs(at, source, 'diskName', 'diskURI'),
    ...supportedOnly(`${at}.cachingMode`, source.cachingMode, ['None', 'ReadOnly', 'ReadWrite']),
    ...supportedOnly(`${at}.kind`, source.kind, ['Dedicated', 'Managed', 'Shared']),
    ...diskUriProblems(`${at}.diskURI`, source.kind ?? 'Shared', source.diskURI),
  ],
  storageos: (at, { volumeName, volumeNamespace, secretRef }) => [
    ...(volumeName ? each(`${at}.volumeName`, volumeName, dns1123Label(volumeName)) : [required(`${at}.volumeName`)]),
    ...(volumeNamespace ? each(`${at}.volumeNamespace`, volumeNamespace, dns1123Label(volumeNamespace)) : []),
    ...(secretRef ? needs(`${at}.secretRef`, secretRef, 'name') : []),
  ],
  projected: (at, source) => [...modeProblems(at, source.defaultMode), ...validateProjected(at, source)],
  scaleIO: (at, source) => [...needs(at, source, 'gateway', 'system', 'volumeName')],
  csi: (at, source) => {
    const found: Problem[] = [...csiDriverName(`${at}.driver`, source.driver)];
    const secret = source.nodePublishSecretRef;
    if (secret && !secret.name) found.push(required(`${at}.nodePublishSecretRef.name`));
    else if (secret?.name) found.push(...each(`${at}.name`, secret.name, dns1123Subdomain(secret.name)));
    return found;
  },
  ephemeral: (at, source, owner) => [...validateEphemeral(at, source), ...claimName(owner)],
  // A template may leave the image to whoever makes pods of it.
  image: (at, source, { pod }) => [
    ...(pod !== undefined && !source.reference ? [required(`${at}.reference`)] : []),
    ...oneOf(`${at}.pullPolicy`, source.pullPolicy, ['Always', 'IfNotPresent', 'Never']),
  ],
};

/** A claim that is made with a pod is called after both. */
function claimName({ field, volume, pod }: Owner): Problems {
  if (!pod || volume === '') return [];
  const claim = `${pod}-${volume}`;
  const words = dns1123Subdomain(claim).map((text) => `PVC name ${JSON.stringify(claim)}: ${text}`);
  return each(`${field}.name`, volume, words);
}

const IQN = /iqn\.\d{4}-\d\d\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/;
const NUMBERED: readonly RegExp[] = [/^eui.[A-Za-z0-9]{16}$/, /^naa.[A-Za-z0-9]{32}$/];

function initiator(field: string, name: string): Problems {
  if (!/^(iqn|eui|naa)/.test(name))
    return [invalid(field, name, 'must be valid format starting with iqn, eui, or naa')];
  const isWellFormed = name.startsWith('iqn') ? IQN.test(name) : NUMBERED.some((form) => form.test(name));
  return isWellFormed ? [] : [invalid(field, name, 'must be valid format')];
}

function registryProblems(at: string, { registry, tenant = '' }: NonNullable<Volume['quobyte']>): Problems {
  const words = 'must be a host:port pair or multiple pairs separated by commas';
  if (registry === '') return [required(`${at}.registry`, words)];
  if (byteLength(tenant) >= 65)
    return [required(`${at}.tenant`, 'must be a UUID and may not exceed a length of 64 characters')];
  return registry.split(',').flatMap((pair) => (isHostPort(pair) ? [] : [invalid(`${at}.registry`, registry, words)]));
}

/** `host:port` or `[address]:port`, whatever stands on the two sides. */
function isHostPort(pair: string): boolean {
  return /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair);
}

/** Options in the name of Kubernetes are its own. */
function flexOption(field: string, key: string): Problems {
  const domain = `.${(key.split('/')[0] ?? '').toLowerCase()}`;
  if (!domain.endsWith('.kubernetes.io') && !domain.endsWith('.k8s.io')) return [];
  return [invalid(field, key, 'kubernetes.io and k8s.io namespaces are reserved')];
}

function diskUriProblems(field: string, kind: string, uri: string): Problems {
  const [start, form] =
    kind === 'Managed'
      ? [
          '/subscriptions/',
          '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
        ]
      : ['https://', 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'];
  return uri.startsWith(start) ? [] : [notSupported(field, uri, [form])];
}

/** Zero is no partition. */
function partition(at: string, value: number | undefined): Problems {
  if (value === undefined || (value >= 0 && value <= 255)) return [];
  return [invalid(`${at}.partition`, value, 'must be between 1 and 255, inclusive')];
}
function modeProblems(at: string, mode: number | undefined): Problems {
  return fileMode(`${at}.defaultMode`, mode);
}
