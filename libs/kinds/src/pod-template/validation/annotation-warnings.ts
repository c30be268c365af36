import type { Container, PodSpec, AppArmorProfile } from '#pod';
import { jsonEquals } from '#std';

export const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
export const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';

type Annotations = Readonly<Record<string, string>>;

/** Annotations that meant something once. */
export function podAnnotationWarnings(
  field: string,
  annotations: Annotations,
  old: readonly (readonly [key: string, words: string])[],
): readonly string[] {
  return old.flatMap(([key, words]) => (annotations[key] === undefined ? [] : [`${field}[${key}]: ${words}`]));
}

/** A profile for system calls that is asked for by annotation where the field says nothing. */
export function seccompWarnings(field: string, annotations: Annotations, spec: PodSpec): readonly string[] {
  return spec.securityContext?.seccompProfile ? [] : seccomp(field, annotations, SECCOMP_POD);
}

/** The same of a container, and of a template its AppArmor profile: a pod's is told of when the pod is made. */
export function containerProfileWarnings(
  field: string,
  annotations: Annotations,
  { name, securityContext }: Container,
  template: PodSpec | undefined,
): readonly string[] {
  const found = securityContext?.seccompProfile ? [] : seccomp(field, annotations, SECCOMP_CONTAINER + name);
  const asked = annotations[APP_ARMOR + name];
  if (template === undefined || asked === undefined || securityContext?.appArmorProfile) return found;
  const ofPod = template.securityContext?.appArmorProfile;
  return ofPod && jsonEquals(ofPod, appArmorOf(asked)) ? found : [...found, appArmorWarning(field, name)];
}

function seccomp(field: string, annotations: Annotations, key: string): readonly string[] {
  if (annotations[key] === undefined) return [];
  return [`${field}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`];
}

export function appArmorWarning(field: string, container: string): string {
  return `${field}[${APP_ARMOR}${container}]: deprecated since v1.30; use the "appArmorProfile" field instead`;
}

/** What an annotation asks for, as the field says it; undefined when it is no profile. */
export function appArmorOf(value: string): AppArmorProfile | undefined {
  if (value === 'unconfined') return { type: 'Unconfined' };
  if (value === 'runtime/default') return { type: 'RuntimeDefault' };
  if (value.startsWith('localhost/')) return { type: 'Localhost', localhostProfile: value.slice('localhost/'.length) };
  return undefined;
}
