import type { Change, KubeObject, ObjectIndex, View } from '#model';
import { controllerOf, selectorMatches } from '#meta';
import { maySelect, type WithSelector } from './selection.js';

/** The key of a namespaced object: `default/web`. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
export interface ParsedKey {
  readonly namespace: string;
  readonly name: string;
}
export function parseKey(key: string): ParsedKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The object's states on both sides of a change, where there are such. */
export function sides(change: Change): readonly KubeObject[] {
  return [change.before, change.after].filter((side) => side !== undefined);
}

/**
 * Owners to look at because a child changed: those that control it, before or after, and for a child that nobody
 * controls those whose selector matches it.
 */
export function ownersOf<T extends WithSelector>(
  change: Change,
  view: View,
  { kind, bySelector }: { readonly kind: string; readonly bySelector: ObjectIndex<T> },
): readonly string[] {
  const keys = new Set<string>();
  for (const side of sides(change)) {
    const controller = controllerOf(side);
    if (controller?.kind === kind) keys.add(`${side.metadata.namespace ?? ''}/${controller.name}`);
  }
  const { after } = change;
  if (after && !controllerOf(after)) {
    for (const owner of maySelect(view, bySelector, after)) {
      if (selectorMatches(owner.spec.selector, after.metadata.labels)) keys.add(keyOf(owner));
    }
  }
  return [...keys];
}
