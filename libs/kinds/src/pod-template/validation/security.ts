import { byteLength, invalid, required, tooLong } from '#meta';
import type { Problem } from '#model';
import type { PodSpec, AppArmorProfile, SeccompProfile, SecurityContext, Sysctl } from '#pod';
import { goForm } from '../go-form.js';
import { descendingPath, each, idNumber, items, type Problems, supportedOnly } from '../../validation/checks.js';
import { windowsOptionProblems } from './windows.js';

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
        goForm('SecurityContext', context),
        `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
      );
    if (context.privileged === true) found.push(cannot('`privileged` to true'));
    for (const name of items(context.capabilities?.add)) {
      if (name === 'CAP_SYS_ADMIN') found.push(cannot('`capabilities.Add` CAP_SYS_ADMIN'));
    }
  }
  found.push(...windowsOptionProblems(`${field}.windowsOptions`, context.windowsOptions));
  return [...found, ...appArmorProblems(`${field}.appArmorProfile`, context.appArmorProfile)];
}

function seccomp(field: string, profile: SeccompProfile | undefined): Problems {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  const words = 'type is required when seccompProfile is set';
  const found = type === '' ? [required(`${field}.type`, words)] : supportedOnly(`${field}.type`, type, PROFILES);
  if (type === 'Localhost') {
    if (localhostProfile === undefined) return [required(at, 'must be set when seccomp type is Localhost')];
    return descendingPath(at, localhostProfile);
  }
  if (localhostProfile === undefined) return found;
  return [...found, invalid(at, goForm('SeccompProfile', profile), 'can only be set when seccomp type is Localhost')];
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
  const found: Problem[] = [];
  if (localhostProfile !== localhostProfile.trim())
    found.push(invalid(at, localhostProfile, 'must not be padded with whitespace'));
  else if (localhostProfile === '') found.push(required(at, 'must be set when AppArmor type is Localhost'));
  return byteLength(localhostProfile) > 4095 ? [...found, tooLong(at, 4095)] : found;
}

export function validatePodSecurity(field: string, spec: PodSpec, old: PodSpec | undefined): Problems {
  const context = spec.securityContext;
  const found: Problem[] = [];
  if (!context) return found;
  found.push(...idNumber(`${field}.fsGroup`, context.fsGroup));
  found.push(
    ...idNumber(`${field}.runAsUser`, context.runAsUser),
    ...idNumber(`${field}.runAsGroup`, context.runAsGroup),
  );
  items(context.supplementalGroups).forEach((id, i) =>
    found.push(...idNumber(`${field}.supplementalGroups[${i}]`, id)),
  );
  if (spec.shareProcessNamespace && spec.hostPID) {
    const words = 'ShareProcessNamespace and HostPID cannot both be enabled';
    found.push(invalid(`${field}.shareProcessNamespace`, true, words));
  }
  found.push(...sysctls(`${field}.sysctls`, context.sysctls));
  found.push(
    ...supportedOnly(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
  );
  found.push(...seccomp(`${field}.seccompProfile`, context.seccompProfile));
  found.push(...windowsOptionProblems(`${field}.windowsOptions`, context.windowsOptions));
  found.push(...appArmorProblems(`${field}.appArmorProfile`, context.appArmorProfile));
  found.push(
    ...supportedOnly(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']),
  );
  // Mounting with a label is a feature that is off; a spec that has a policy already may change it all the same.
  const policies =
    old?.securityContext?.seLinuxChangePolicy === undefined ? ['Recursive'] : ['MountOption', 'Recursive'];
  found.push(...supportedOnly(`${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, policies));
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
