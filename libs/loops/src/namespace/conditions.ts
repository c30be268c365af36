import type { NamespaceCondition } from '#kinds';
import type { KindId, KubeObject } from '#model';
import { toTime, type Instant } from '#std';

/** Objects of one kind that are still there. */
export interface Remaining {
  readonly kind: KindId;
  readonly objects: readonly KubeObject[];
}
type Says = Omit<NamespaceCondition, 'lastTransitionTime'>;

/** What a namespace that is being deleted says of its content. */
export function endingConditions(
  old: readonly NamespaceCondition[],
  contents: readonly Remaining[],
  now: Instant,
): readonly NamespaceCondition[] {
  const said: readonly Says[] = [
    fine('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    fine(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    fine(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    remaining(contents),
    finalizing(contents),
  ];
  return said.map((one) => {
    const before = old.find((condition) => condition.type === one.type);
    const same = before?.status === one.status;
    return { ...one, lastTransitionTime: same && before.lastTransitionTime ? before.lastTransitionTime : toTime(now) };
  });
}

function remaining(contents: readonly Remaining[]): Says {
  const type = 'NamespaceContentRemaining';
  if (contents.length === 0) return fine(type, 'ContentRemoved', 'All content successfully removed');
  const parts = contents.map(({ kind, objects }) => `${resourceOf(kind)} has ${objects.length} resource instances`);
  return {
    type,
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: `Some resources are remaining: ${parts.sort().join(', ')}`,
  };
}

function finalizing(contents: readonly Remaining[]): Says {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  for (const { objects } of contents) {
    for (const object of objects) {
      for (const finalizer of object.metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
    }
  }
  if (counts.size === 0) return fine(type, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished');
  const parts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  const message = `Some content in the namespace has finalizers remaining: ${parts.sort().join(', ')}`;
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message };
}

function fine(type: string, reason: string, message: string): Says {
  return { type, status: 'False', reason, message };
}

/** `configmaps.`, `deployments.apps`: the plural and, after a dot, the group, which is empty for core. */
function resourceOf(kind: KindId): string {
  const dot = kind.lastIndexOf('.');
  const group = kind.slice(0, dot);
  return `${kind.slice(dot + 1)}.${group === 'core' ? '' : group}`;
}
