import { forbidden } from '#meta';
import { FENCE_AFTER, type Container, type AppArmorProfile, type Pod } from '#pod';
import { jsonEquals } from '#std';
import { APP_ARMOR, appArmorOf, appArmorWarning } from '../../pod-template/validation/annotation-warnings.js';
import { items, type Problems } from '../../validation/checks.js';
import { appArmorProblems } from '../../pod-template/validation/security.js';

/** Profiles that are still asked for by annotation are written where they belong. */
export function withAppArmorFields(object: Pod): Pod {
  const { containers, initContainers } = object.spec;
  if (!Object.keys(object.metadata.annotations ?? {}).some((key) => key.startsWith(APP_ARMOR))) return object;
  const filled = (container: Container): Container => {
    const profile = asked(object, container);
    if (profile === undefined || profile === 'as the pod' || profile === 'none') return container;
    return { ...container, securityContext: { ...container.securityContext, appArmorProfile: profile } };
  };
  const spec = {
    ...object.spec,
    containers: items(containers).map(filled),
    ...(initContainers && { initContainers: initContainers.map(filled) }),
  };
  return { ...object, spec };
}

/** What a container's annotation asks for; undefined where there is none, or the field takes its place. */
function asked(object: Pod, { name, securityContext }: Container): AppArmorProfile | 'as the pod' | 'none' | undefined {
  const value = object.metadata.annotations?.[APP_ARMOR + name];
  if (value === undefined || securityContext?.appArmorProfile || object.spec.os?.name === 'windows') return undefined;
  const profile = appArmorOf(value);
  if (profile === undefined || appArmorProblems('', profile).length > 0) return 'none';
  return jsonEquals(profile, object.spec.securityContext?.appArmorProfile) ? 'as the pod' : profile;
}

/** `sent` is the pod as it came in: where a container has the field too, its annotation does no harm. */
export function appArmorWarnings(object: Pod, sent: unknown): readonly string[] {
  const { spec } = (sent ?? {}) as { readonly spec?: Partial<Pod['spec']> };
  const containers = (['initContainers', 'containers'] as const).flatMap((name) => {
    const list = spec?.[name];
    return Array.isArray(list) ? (list as readonly Container[]) : [];
  });
  return containers.flatMap((container) => {
    const profile = asked(object, container);
    const isQuiet = profile === undefined || profile === 'as the pod';
    return isQuiet ? [] : [appArmorWarning('metadata.annotations', container.name)];
  });
}

/** Profiles are chosen when a pod is made, and so is when its node stops it by itself. */
export function annotationChanges(object: Pod, old: Pod): Problems {
  const [now, before] = [object.metadata.annotations ?? {}, old.metadata.annotations ?? {}];
  const keys = Object.keys({ ...before, ...now }).filter(
    (key) => key.startsWith(APP_ARMOR) && now[key] !== before[key],
  );
  const verbOf = (key: string): string =>
    before[key] === undefined ? 'add' : now[key] === undefined ? 'remove' : 'update';
  const profiles = keys
    .sort()
    .map((key) => forbidden(`metadata.annotations[${key}]`, `may not ${verbOf(key)} AppArmor annotations`));
  // A node that is cut off goes by what it knows, and its pods are replaced by what the log says: both must say the same.
  const fence =
    now[FENCE_AFTER] === before[FENCE_AFTER]
      ? []
      : [forbidden(`metadata.annotations[${FENCE_AFTER}]`, `may not ${verbOf(FENCE_AFTER)} it once the pod is made`)];
  return [...profiles, ...fence];
}
