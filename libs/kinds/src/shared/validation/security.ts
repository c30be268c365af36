import { byteLength, forbidden, invalid, required } from '#meta';
import type { Problem } from '#model';
import { innerForm } from '../inner-form.js';
import type { PodSpec } from '../pod-spec.schema.js';
import type {
  AppArmorProfile,
  SeccompProfile,
  SecurityContext,
  Sysctl,
  WindowsSecurityContextOptions,
} from '../security.schema.js';
import { descendingPath, each, idNumber, items, type Problems, supportedOnly } from './checks.js';

const PROFILES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

export function validateSecurityContext(
  field: string,
  context: SecurityContext | undefined,
  hostUsers: boolean | undefined,
): Problems {
  if (!context) return [];
  const found: Problem[] = [
    ...idNumber(`${field}.runAsUser`, context.runAsUser),
    ...idNumber(`${field}.runAsGroup`, context.runAsGroup),
  ];
  if (context.procMount !== undefined) {
    found.push(...supportedOnly(`${field}.procMount`, context.procMount, ['Default', 'Unmasked']));
    if (context.procMount === 'Unmasked' && hostUsers !== false) {
      found.push(invalid(`${field}.procMount`, 'Unmasked', '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  found.push(...seccomp(`${field}.seccompProfile`, context.seccompProfile));
  if (context.allowPrivilegeEscalation === false) {
    const cannot = (what: string): Problem =>
      invalid(
        field,
        innerForm('SecurityContext', context),
        `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
      );
    if (context.privileged === true) found.push(cannot('`privileged` to true'));
    if (items(context.capabilities?.add).some((c) => c === 'CAP_SYS_ADMIN')) {
      found.push(cannot('`capabilities.Add` CAP_SYS_ADMIN'));
    }
  }
  found.push(...windows(`${field}.windowsOptions`, context.windowsOptions));
  return [...found, ...appArmorProblems(`${field}.appArmorProfile`, context.appArmorProfile)];
}

function seccomp(field: string, profile: SeccompProfile | undefined): Problems {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  if (type === '') return [required(`${field}.type`, 'type is required when seccompProfile is set')];
  if (!PROFILES.includes(type)) return supportedOnly(`${field}.type`, type, PROFILES);
  const at = `${field}.localhostProfile`;
  if (type === 'Localhost') {
    if (localhostProfile === undefined) return [required(at, 'must be set when seccomp type is Localhost')];
    return descendingPath(at, localhostProfile);
  }
  return localhostProfile === undefined
    ? []
    : [invalid(at, localhostProfile, 'can only be set when seccomp type is Localhost')];
}

export function appArmorProblems(field: string, profile: AppArmorProfile | undefined): Problems {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  if (type === '') return [required(`${field}.type`, 'type is required when appArmorProfile is set')];
  if (!PROFILES.includes(type)) return supportedOnly(`${field}.type`, type, PROFILES);
  if (type !== 'Localhost') {
    return localhostProfile === undefined
      ? []
      : [invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  }
  if (localhostProfile === undefined) return [required(at, 'must be set when AppArmor type is Localhost')];
  const trimmed = localhostProfile.trim();
  if (trimmed !== localhostProfile) return [invalid(at, localhostProfile, 'must not be padded with whitespace')];
  if (trimmed === '') return [required(at, 'must be set when AppArmor type is Localhost')];
  if (byteLength(trimmed) <= 4095) return [];
  return [{ type: 'TooLong', field: at, detail: 'may not be more than 4095 bytes' }];
}

const GMSA_NAME_BYTES = 253;
function windows(field: string, options: WindowsSecurityContextOptions | undefined): Problems {
  if (!options) return [];
  const found: Problem[] = [];
  const user = options.runAsUserName;
  if (user !== undefined && (user === '' || byteLength(user) > GMSA_NAME_BYTES)) {
    found.push(
      invalid(
        `${field}.runAsUserName`,
        user,
        user === '' ? 'runAsUserName cannot be an empty string' : 'runAsUserName is too long',
      ),
    );
  }
  return found;
}

export function validatePodSecurity(field: string, spec: PodSpec): Problems {
  const context = spec.securityContext;
  const found: Problem[] = [];
  if (spec.shareProcessNamespace && spec.hostPID) {
    found.push(invalid('spec.shareProcessNamespace', true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  }
  if (!context) return found;
  found.push(...idNumber(`${field}.fsGroup`, context.fsGroup));
  found.push(
    ...idNumber(`${field}.runAsUser`, context.runAsUser),
    ...idNumber(`${field}.runAsGroup`, context.runAsGroup),
  );
  items(context.supplementalGroups).forEach((id, i) =>
    found.push(...idNumber(`${field}.supplementalGroups[${i}]`, id)),
  );
  found.push(...sysctls(`${field}.sysctls`, context.sysctls));
  found.push(
    ...supportedOnly(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
  );
  found.push(...seccomp(`${field}.seccompProfile`, context.seccompProfile));
  found.push(...windows(`${field}.windowsOptions`, context.windowsOptions));
  found.push(...appArmorProblems(`${field}.appArmorProfile`, context.appArmorProfile));
  found.push(
    ...supportedOnly(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']),
  );
  found.push(
    ...supportedOnly(
      `${field}.seLinuxChangePolicy`,
      context.seLinuxChangePolicy,
      // Mounting with a label is a feature that is off.
      context.seLinuxChangePolicy === 'MountOption' ? ['Recursive'] : ['MountOption', 'Recursive'],
    ),
  );
  return found;
}

const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const sysctlName = new RegExp(SYSCTL);
function sysctls(field: string, list: readonly Sysctl[] | undefined): Problems {
  const seen = new Set<string>();
  return items(list).flatMap(({ name }, i) => {
    const at = `${field}[${i}].name`;
    if (name === '') return [required(at)];
    if (!sysctlName.test(name) || name.length > 253) {
      return each(at, name, [`must have at most 253 characters and match regex ${SYSCTL}`]);
    }
    if (seen.has(name)) return [{ type: 'Duplicate' as const, field: at, value: name, detail: '' }];
    seen.add(name);
    return [];
  });
}

/** Options of one system in a pod for the other. */
export function validateOs(field: string, spec: PodSpec): Problems {
  const name = spec.os?.name;
  if (spec.os === undefined) return [];
  const at = `${field}.os`;
  if (!name) return [required(`${at}.name`)];
  if (name !== 'linux' && name !== 'windows') return supportedOnly(at, name, ['linux', 'windows']);
  const pod = `${field}.securityContext`;
  if (name === 'linux') {
    const words = 'windows options cannot be set for a linux pod';
    return [
      ...(spec.securityContext?.windowsOptions ? [forbidden(`${pod}.windowsOptions`, words)] : []),
      ...containersOf(field, spec).flatMap(([path, context]) =>
        context?.windowsOptions ? [forbidden(`${path}.windowsOptions`, words)] : [],
      ),
    ];
  }
  return windowsProblems(field, spec);
}

const NOT_ON_WINDOWS_POD = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
] as const;
const NOT_ON_WINDOWS_CONTAINER = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;
function windowsProblems(field: string, spec: PodSpec): Problems {
  const cannot = (at: string): Problem => forbidden(at, 'cannot be set for a windows pod');
  const found: Problem[] = [];
  for (const name of ['hostUsers', 'hostPID', 'hostIPC'] as const)
    if (spec[name]) found.push(cannot(`${field}.${name}`));
  for (const name of NOT_ON_WINDOWS_POD) {
    if (spec.securityContext?.[name] !== undefined) found.push(cannot(`${field}.securityContext.${name}`));
  }
  if (spec.shareProcessNamespace) found.push(cannot(`${field}.shareProcessNamespace`));
  for (const [path, context] of containersOf(field, spec)) {
    for (const name of NOT_ON_WINDOWS_CONTAINER)
      if (context?.[name] !== undefined) found.push(cannot(`${path}.${name}`));
  }
  return found;
}

function containersOf(field: string, spec: PodSpec): readonly (readonly [string, SecurityContext | undefined])[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((name) =>
    items(spec[name]).map((c, i) => [`${field}.${name}[${i}].securityContext`, c.securityContext] as const),
  );
}
