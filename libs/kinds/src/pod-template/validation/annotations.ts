import { forbidden, invalid } from '#meta';
import { FENCE_AFTER, parseFenceAfter, type PodSpec, type AppArmorProfile, type SeccompProfile } from '#pod';
import { APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD } from './annotation-warnings.js';
import { descendingPath, items, type Problems } from '../../validation/checks.js';

type Annotations = Readonly<Record<string, string>> | undefined;
const MIRROR = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const LOCALHOST = 'localhost/';

/** Annotations of pods that Kubernetes itself reads. */
export function podAnnotationProblems(
  field: string,
  annotations: Annotations = {},
  spec: PodSpec | undefined,
): Problems {
  const [mirror, cost, fence] = [annotations[MIRROR], annotations[DELETION_COST], annotations[FENCE_AFTER]];
  const isUnbound = mirror !== undefined && !spec?.nodeName;
  return [
    ...(isUnbound
      ? [invalid(`${field}[${MIRROR}]`, mirror, 'must set spec.nodeName if mirror pod annotation is set')]
      : []),
    ...(cost === undefined || isInt32(cost)
      ? []
      : [invalid(`${field}[${DELETION_COST}]`, cost, 'must be a 32bit integer')]),
    ...(fence === undefined || parseFenceAfter(fence) !== undefined
      ? []
      : [invalid(`${field}[${FENCE_AFTER}]`, fence, 'must be a time from 5s to 24h, like "30s", "5m" or "30"')]),
    ...Object.entries(annotations).flatMap(([key, value]) =>
      key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER) ? seccompProblems(`${field}.${key}`, value) : [],
    ),
    ...Object.entries(annotations).flatMap(([key, value]) =>
      key.startsWith(APP_ARMOR) ? appArmorProblems(`${field}[${key}]`, key.slice(APP_ARMOR.length), value, spec) : [],
    ),
  ];
}

/** Without a sign, without leading zeros. */
function isInt32(text: string): boolean {
  return /^(0|-\d+|[1-9]\d*)$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

function seccompProblems(field: string, value: string): Problems {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(value)) return [];
  if (value.startsWith(LOCALHOST)) return descendingPath(field, value.slice(LOCALHOST.length));
  return [invalid(field, value, 'must be a valid seccomp profile')];
}

function appArmorProblems(field: string, container: string, value: string, spec: PodSpec | undefined): Problems {
  const isThere = (['initContainers', 'containers', 'ephemeralContainers'] as const).some((list) =>
    items(spec?.[list]).some(({ name }) => name === container),
  );
  const isProfile =
    value === '' || value === 'runtime/default' || value === 'unconfined' || value.startsWith(LOCALHOST);
  return [
    ...(isThere ? [] : [invalid(field, container, 'container not found')]),
    ...(isProfile ? [] : [invalid(field, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`)]),
  ];
}

/** A profile that is asked for twice, by annotation and by field, is one profile. */
export function profileProblems(field: string, annotations: Annotations = {}, spec: PodSpec | undefined): Problems {
  if (!spec) return [];
  const containers = (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    items(spec[list]).map((container, i) => ({ ...container, at: `${field}.${list}[${i}].securityContext` })),
  );
  const ofPod = spec.securityContext;
  const seccomp = [
    { at: `${field}.securityContext`, profile: ofPod?.seccompProfile, key: SECCOMP_POD },
    ...containers.map(({ at, name, securityContext }) => ({
      at,
      profile: securityContext?.seccompProfile,
      key: SECCOMP_CONTAINER + name,
    })),
  ];
  // Windows knows no AppArmor.
  const appArmor = spec.os?.name === 'windows' ? [] : containers;
  return [
    ...seccomp.flatMap(({ at, profile, key }) =>
      differing(`${at}.seccompProfile`, 'seccomp', profile, annotations[key]),
    ),
    ...appArmor.flatMap(({ at, name, securityContext }) => {
      const profile = securityContext?.appArmorProfile ?? ofPod?.appArmorProfile;
      return differing(`${at}.appArmorProfile`, 'apparmor', profile, annotations[APP_ARMOR + name]);
    }),
  ];
}

function differing(
  field: string,
  what: 'seccomp' | 'apparmor',
  profile: SeccompProfile | AppArmorProfile | undefined,
  value: string | undefined,
): Problems {
  if (!profile || value === undefined) return [];
  const type = [forbidden(`${field}.type`, `${what} type in annotation and field must match`)];
  switch (profile.type) {
    case 'Unconfined':
      return value === 'unconfined' ? [] : type;
    case 'RuntimeDefault':
      return value === 'runtime/default' || (what === 'seccomp' && value === 'docker/default') ? [] : type;
    case 'Localhost':
      if (!value.startsWith(LOCALHOST)) return type;
      if (value.slice(LOCALHOST.length) === profile.localhostProfile) return [];
      return [forbidden(`${field}.localhostProfile`, `${what} profile in annotation and field must match`)];
    default:
      return [];
  }
}
