import type { ObjectMeta } from '#model';
import type { PodSpec } from '#pod';

/** What is judged: a pod, or the pod that a template would make. */
export interface Subject {
  readonly metadata: Pick<ObjectMeta, 'annotations'>;
  readonly spec: PodSpec;
}
export type AnyContainer = Pick<
  PodSpec['containers'][number],
  'name' | 'image' | 'securityContext' | 'ports' | 'livenessProbe' | 'readinessProbe' | 'startupProbe' | 'lifecycle'
>;

/** All containers of a pod: those that start first, then the rest, then those for debugging. */
export function containersOf({ spec }: Subject): readonly AnyContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}
export function isWindows({ spec }: Subject): boolean {
  return spec.os?.name === 'windows';
}

/** `"a", "b"` */
export function quoted(names: readonly string[]): string {
  return `"${names.join('", "')}"`;
}
/** `container "a"`, `containers "a", "b"` */
export function named(what: string, names: readonly string[]): string {
  return `${what}${names.length === 1 ? '' : 's'} ${quoted(names)}`;
}
/** The names of containers that something holds of. */
export function namesWhere(subject: Subject, test: (container: AnyContainer) => boolean): readonly string[] {
  return containersOf(subject)
    .filter(test)
    .map((container) => container.name);
}
/** `pod and container "a"`: who set something that must not be set. */
export function setters(isPod: boolean, containers: readonly string[]): string | undefined {
  const parts = [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [named('container', containers)] : [])];
  return parts.length === 0 ? undefined : parts.join(' and ');
}
export function sortedSet(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
