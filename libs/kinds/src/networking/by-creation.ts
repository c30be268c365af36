import type { KubeObject } from '#model';
import { parseInstant } from '#std';

/** The oldest first; those of one second by name. */
export function oldestFirst<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((a, b) => created(a) - created(b) || byName(a, b));
}
/** The newest first; those of one second by name. */
export function newestFirst<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((a, b) => created(b) - created(a) || byName(a, b));
}
function created({ metadata }: KubeObject): number {
  return parseInstant(metadata.creationTimestamp) ?? 0;
}
function byName(a: KubeObject, b: KubeObject): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
