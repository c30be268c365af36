import { groupOf, versionOf } from '#meta';
import type { Kind, KindRegistry, KubeObject, OwnerReference, View } from '#model';
import { objectsByUid } from '#model';
import { objectsByOwner } from '#model';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export type Kinds = Pick<KindRegistry, 'byKind'>;

/**
 * What an owner reference comes to: an owner that lives (`solid`), one that waits for its dependents to go (`waiting`), none
 * (`absent`), or something that nobody can tell (`unknown`): an unserved kind, or a namespaced owner of a cluster-wide object.
 */
export type Standing = 'solid' | 'waiting' | 'absent' | 'unknown';

export function standingOf(view: View, kinds: Kinds, dependent: KubeObject, reference: OwnerReference): Standing {
  const kind = kindOf(kinds, reference.apiVersion, reference.kind);
  if (!kind) return 'unknown';
  const { namespace } = dependent.metadata;
  if (kind.names.namespaced && namespace === undefined) return 'unknown';
  const owner = view.get({ id: kind.id }, kind.names.namespaced ? namespace : undefined, reference.name);
  if (owner?.metadata.uid !== reference.uid) return 'absent';
  return isEndingBy(owner, FOREGROUND) ? 'waiting' : 'solid';
}

/** The owner of that uid where there is one in another namespace: then somebody took owners to work across them. */
export function ownerElsewhere(view: View, dependent: KubeObject, reference: OwnerReference): KubeObject | undefined {
  const { namespace } = dependent.metadata;
  const owner = namespace === undefined ? undefined : view.by(objectsByUid, reference.uid)[0];
  const elsewhere = owner?.metadata.namespace;
  return elsewhere !== undefined && elsewhere !== namespace && owner?.kind === reference.kind ? owner : undefined;
}

export function isEndingBy(object: KubeObject, finalizer: string): boolean {
  return object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes(finalizer);
}
export function kindOf(kinds: Kinds, apiVersion: string, kind: string): Kind | undefined {
  return kinds.byKind(groupOf(apiVersion), versionOf(apiVersion), kind);
}

/** Objects that refer to this one as an owner and could be held by it. */
export function dependentsOf(view: View, owner: KubeObject): readonly KubeObject[] {
  const { uid, namespace } = owner.metadata;
  return view.by(objectsByOwner, uid).filter((one) => namespace === undefined || one.metadata.namespace === namespace);
}
/** Whether an owner that is being deleted in the foreground has to wait for this dependent. */
export function blocksEnd(view: View, kinds: Kinds, dependent: KubeObject, owner: KubeObject): boolean {
  const reference = dependent.metadata.ownerReferences?.find(({ uid }) => uid === owner.metadata.uid);
  return reference?.blockOwnerDeletion === true && standingOf(view, kinds, dependent, reference) === 'waiting';
}
