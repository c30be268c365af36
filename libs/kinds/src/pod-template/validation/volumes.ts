import { dns1123Label, duplicate, forbidden, notSupported, required } from '#meta';
import type { Problem } from '#model';
import type { Container, VolumeDevice, VolumeMount, Volume } from '#pod';
import { descendingPath, each, items, noBacksteps, notFound, type Problems } from '../../validation/checks.js';
import { SOURCE_CHECKS, type Owner } from './volume-sources.js';

type SourceCheck = (at: string, source: unknown, owner: Owner) => Problems;

/** Volumes of the pod that are valid themselves, by name. */
export type Volumes = ReadonlyMap<string, Volume>;

/** Checks a pod's volumes; only those without a fault can be mounted by the checks that follow. */
export function validateVolumes(
  field: string,
  volumes: readonly Volume[] | undefined,
  pod: string | undefined,
): { readonly found: Problem[]; readonly byName: Volumes } {
  const byName = new Map<string, Volume>();
  const found: Problem[] = [];
  items(volumes).forEach((volume, i) => {
    const at = `${field}[${i}]`;
    const own = [
      ...sourceProblems(volume, { field: at, volume: volume.name, pod }),
      ...nameProblems(`${at}.name`, volume.name, byName),
    ];
    if (own.length === 0) byName.set(volume.name, volume);
    found.push(...own);
  });
  return { found, byName };
}

function nameProblems(field: string, name: string, seen: Volumes): Problems {
  if (name === '') return [required(field)];
  const found: Problem[] = [...each(field, name, dns1123Label(name))];
  if (seen.has(name)) found.push(duplicate(field, name));
  return found;
}

/** What Kubernetes calls sources, by its own slip, where they are one too many. */
const SECOND_NAMES: Readonly<Record<string, string>> = { downwardAPI: 'downwarAPI', cephfs: 'cephFS' };

function sourceProblems(volume: Volume, owner: Owner): Problems {
  const at = owner.field;
  const found: Problem[] = [];
  let sources = 0;
  for (const name of Object.keys(SOURCE_CHECKS) as (keyof typeof SOURCE_CHECKS)[]) {
    const source = volume[name];
    if (source === undefined) continue;
    if (sources++ > 0)
      found.push(forbidden(`${at}.${SECOND_NAMES[name] ?? name}`, 'may not specify more than 1 volume type'));
    else found.push(...(SOURCE_CHECKS[name] as SourceCheck)(`${at}.${name}`, source, owner));
  }
  if (sources === 0) found.push(required(at, 'must specify a volume type'));
  return found;
}

export function validateMounts(field: string, container: Container, volumes: Volumes): Problems {
  const paths = new Set<string>();
  const devices = items(container.volumeDevices);
  return items(container.volumeMounts).flatMap((mount, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = mount.name === '' ? [required(`${at}.name`)] : [];
    if (!volumes.has(mount.name)) found.push(notFound(`${at}.name`, mount.name));
    if (mount.mountPath === '') found.push(required(`${at}.mountPath`));
    if (paths.has(mount.mountPath)) found.push(...each(`${at}.mountPath`, mount.mountPath, ['must be unique']));
    paths.add(mount.mountPath);
    if (devices.some((d) => d.name === mount.name))
      found.push(...each(`${at}.name`, mount.name, ['must not already exist in volumeDevices']));
    if (devices.some((d) => d.devicePath === mount.mountPath)) {
      found.push(...each(`${at}.mountPath`, mount.mountPath, ['must not already exist as a path in volumeDevices']));
    }
    return [
      ...found,
      ...pathsInside(field, at, mount),
      ...propagation(field, mount, container),
      ...recursive(field, mount),
    ];
  });
}

/** Faults of a path inside the volume are told without the mount's number. */
function pathsInside(field: string, at: string, { subPath, subPathExpr }: VolumeMount): Problems {
  const found: Problem[] = subPath ? [...descendingPath(`${field}.subPath`, subPath)] : [];
  if (!subPathExpr) return found;
  if (subPath)
    found.push(...each(`${at}.subPathExpr`, subPathExpr, ['subPathExpr and subPath are mutually exclusive']));
  return [...found, ...descendingPath(`${field}.subPathExpr`, subPathExpr)];
}

function propagation(field: string, { mountPropagation: value }: VolumeMount, container: Container): Problems {
  if (value === undefined || value === 'None' || value === 'HostToContainer') return [];
  const at = `${field}.mountPropagation`;
  if (value !== 'Bidirectional') return [notSupported(at, value, ['Bidirectional', 'HostToContainer', 'None'])];
  if (container.securityContext?.privileged) return [];
  return [forbidden(at, 'Bidirectional mount propagation is available only to privileged containers')];
}

function recursive(field: string, mount: VolumeMount): Problems {
  const value = mount.recursiveReadOnly;
  if (value === undefined || value === 'Disabled') return [];
  const at = `${field}.recursiveReadOnly`;
  if (value !== 'Enabled' && value !== 'IfPossible')
    return [notSupported(at, value, ['Disabled', 'Enabled', 'IfPossible'])];
  const found: Problem[] = mount.readOnly ? [] : [forbidden(at, 'may only be specified when readOnly is true')];
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    found.push(forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
  }
  return found;
}

export function validateDevices(
  field: string,
  devices: readonly VolumeDevice[] | undefined,
  container: Container,
  volumes: Volumes,
): Problems {
  const paths = new Set<string>();
  const names = new Set<string>();
  return items(devices).flatMap(({ name, devicePath }, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = name === '' ? [required(`${at}.name`)] : [];
    if (names.has(name)) found.push(...each(`${at}.name`, name, ['must be unique']));
    if (name !== '') names.add(name);
    const volume = volumes.get(name);
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      found.push(
        ...each(`${at}.name`, name, [
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ]),
      );
    }
    if (!volume) found.push(notFound(`${at}.name`, name));
    if (devicePath === '') found.push(required(`${at}.devicePath`));
    if (paths.has(devicePath)) found.push(...each(`${at}.devicePath`, devicePath, ['must be unique']));
    if (noBacksteps('', devicePath).length > 0)
      found.push(...each(`${at}.devicePath`, devicePath, ["can not contain backsteps ('..')"]));
    else paths.add(devicePath);
    if (items(container.volumeMounts).some((m) => m.name === name))
      found.push(...each(`${at}.name`, name, ['must not already exist in volumeMounts']));
    if (items(container.volumeMounts).some((m) => m.mountPath === devicePath)) {
      found.push(...each(`${at}.devicePath`, devicePath, ['must not already exist as a path in volumeMounts']));
    }
    return found;
  });
}
