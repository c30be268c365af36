import { forbidden } from '#meta';
import type { Problems } from '../../shared/validation/checks.js';
import type { Pod } from './schema.js';

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const SECCOMP = ['seccomp.security.alpha.kubernetes.io/pod', 'container.seccomp.security.alpha.kubernetes.io/'];

/** Profiles that are still asked for by annotation are written where they belong. */
export function withAppArmorFields(object: Pod): Pod {
  const { annotations = {} } = object.metadata;
  if (!Object.keys(annotations).some((key) => key.startsWith(APP_ARMOR))) return object;
  if (object.spec.securityContext?.appArmorProfile !== undefined) return object;
  const filled = <C extends Pod['spec']['containers'][number]>(container: C): C => {
    const profile = profileOf(annotations[APP_ARMOR + container.name]);
    if (profile === undefined || container.securityContext?.appArmorProfile !== undefined) return container;
    return { ...container, securityContext: { ...container.securityContext, appArmorProfile: profile } };
  };
  const { containers, initContainers } = object.spec;
  const spec = {
    ...object.spec,
    containers: (containers ?? []).map(filled),
    ...(initContainers && { initContainers: initContainers.map(filled) }),
  };
  return { ...object, spec };
}
function profileOf(
  value: string | undefined,
): { readonly type: string; readonly localhostProfile?: string } | undefined {
  if (value === 'unconfined') return { type: 'Unconfined' };
  if (value === 'runtime/default') return { type: 'RuntimeDefault' };
  if (value?.startsWith('localhost/')) return { type: 'Localhost', localhostProfile: value.slice('localhost/'.length) };
  return undefined;
}

/** `asked` is the pod as it was sent: where it has the field too, its annotation does no harm. */
export function annotationWarnings(object: Pod, asked: unknown): readonly string[] {
  return Object.keys(object.metadata.annotations ?? {}).flatMap((key): readonly string[] => {
    const field = `metadata.annotations[${key}]`;
    if (key.startsWith(APP_ARMOR)) {
      if (hasProfile(asked, key.slice(APP_ARMOR.length))) return [];
      return [`${field}: deprecated since v1.30; use the "appArmorProfile" field instead`];
    }
    if (!SECCOMP.some((prefix) => key.startsWith(prefix))) return [];
    return [`${field}: non-functional in v1.27+; use the "seccompProfile" field instead`];
  });
}
function hasProfile(asked: unknown, name: string): boolean {
  const { spec } = (asked ?? {}) as { readonly spec?: Partial<Pod['spec']> };
  const containers = Array.isArray(spec?.containers) ? spec.containers : [];
  return containers.some(
    (container) => container.name === name && container.securityContext?.appArmorProfile !== undefined,
  );
}

/** Profiles are chosen when a pod is made. */
export function annotationChanges(object: Pod, old: Pod): Problems {
  const [now, before] = [object.metadata.annotations ?? {}, old.metadata.annotations ?? {}];
  const keys = Object.keys({ ...before, ...now }).filter(
    (key) => key.startsWith(APP_ARMOR) && now[key] !== before[key],
  );
  return keys.sort().map((key) => {
    const verb = before[key] === undefined ? 'add' : now[key] === undefined ? 'remove' : 'update';
    return forbidden(`metadata.annotations[${key}]`, `may not ${verb} AppArmor annotations`);
  });
}
