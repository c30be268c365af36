import {
  parseStream,
  streamOf,
  type Change,
  type Decision,
  type Kind,
  type KindRegistry,
  type KubeObject,
  type Loop,
  type View,
  objectsByOwner,
  objectsByUid,
} from '#model';
import { jsonEquals } from '#std';
import { patch, streamOfObject, withoutOwners } from '../shared/index.js';
import { collect, type Look } from './collect.js';
import { blocksEnd, dependentsOf, FOREGROUND, isEndingBy, kindOf, ORPHAN } from './references.js';

/**
 * Deletes what has lost all its owners, and carries out the two ways of deleting an owner that wait: in the foreground
 * (dependents first) and leaving orphans. Its keys are streams.
 */
export function garbageCollection(registry: Pick<KindRegistry, 'at'>): Loop {
  return {
    name: 'garbage-collection',
    account: 'generic-garbage-collector',
    indexes: [objectsByOwner, objectsByUid],
    keysOf: (change, view) => keysOf(registry.at(view), change, view),
    keysAtStart: (view) =>
      registry.at(view).all.flatMap((kind) =>
        view
          .list(kind.ref)
          .filter(concernsMe)
          .map((object) => streamOf(kind.id, object.metadata.namespace, object.metadata.name)),
      ),
    reconcile(view, key, now) {
      const { kind, namespace, name } = parseStream(key);
      const object = view.get({ id: kind }, namespace, name);
      if (!object) return [];
      const look = { view, kinds: registry.at(view), now };
      if (isEndingBy(object, FOREGROUND)) return endInForeground(look, kind, object);
      if (isEndingBy(object, ORPHAN)) return leaveOrphans(look, kind, object);
      return collect(look, kind, object);
    },
  };
}

function concernsMe(object: KubeObject): boolean {
  return (
    (object.metadata.ownerReferences?.length ?? 0) > 0 || isEndingBy(object, FOREGROUND) || isEndingBy(object, ORPHAN)
  );
}

/** The object itself, its owners that wait for it, and, once it is gone, all that belonged to it. */
function keysOf(kinds: Look['kinds'], { kind, before, after }: Change, view: View): readonly string[] {
  const keys = new Set<string>();
  if (after && concernsMe(after) && !isAsBefore(before, after))
    keys.add(streamOf(kind, after.metadata.namespace, after.metadata.name));
  const owners = [...(before?.metadata.ownerReferences ?? []), ...(after?.metadata.ownerReferences ?? [])];
  for (const { uid } of isAsBefore(before, after) ? [] : owners) {
    const owner = view.by(objectsByUid, uid)[0];
    if (owner && (isEndingBy(owner, FOREGROUND) || isEndingBy(owner, ORPHAN))) addStream(keys, kinds, owner);
  }
  if (before && after?.metadata.uid !== before.metadata.uid) {
    for (const dependent of view.by(objectsByOwner, before.metadata.uid)) addStream(keys, kinds, dependent);
  }
  return [...keys];
}
/** Nothing of what decides here has changed: a pod's status, written often, is no matter of ours. */
function isAsBefore(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  if (!before || !after) return false;
  const [was, is] = [before.metadata, after.metadata];
  return (
    was.uid === is.uid &&
    was.deletionTimestamp === is.deletionTimestamp &&
    jsonEquals(was.ownerReferences, is.ownerReferences) &&
    jsonEquals(was.finalizers, is.finalizers)
  );
}
function addStream(keys: Set<string>, kinds: Look['kinds'], object: KubeObject): void {
  const kind = kindOf(kinds, object.apiVersion, object.kind);
  if (kind) keys.add(streamOf(kind.id, object.metadata.namespace, object.metadata.name));
}

/** Dependents go first; the owner follows when none that blocks its end is left. */
function endInForeground(look: Look, kind: string, owner: KubeObject): readonly Decision[] {
  const dependents = dependentsOf(look.view, owner).flatMap((object) => {
    const found = kindOf(look.kinds, object.apiVersion, object.kind);
    return found ? [{ kind: found, object }] : [];
  });
  const decisions = dependents.flatMap((dependent) => collect(look, dependent.kind.id, dependent.object));
  if (dependents.some(({ object }) => blocksEnd(look.view, look.kinds, object, owner))) return decisions;
  return [...decisions, letGo(kind, owner, FOREGROUND, 'no dependent holds it any more')];
}

/** Dependents lose their reference first; the owner follows when none refers to it. */
function leaveOrphans(look: Look, kind: string, owner: KubeObject): readonly Decision[] {
  const dependents: readonly { kind: Kind; object: KubeObject }[] = dependentsOf(look.view, owner).flatMap((object) => {
    const found = kindOf(look.kinds, object.apiVersion, object.kind);
    return found ? [{ kind: found, object }] : [];
  });
  if (dependents.length === 0) return [letGo(kind, owner, ORPHAN, 'its dependents are on their own now')];
  const uids = new Set([owner.metadata.uid]);
  return dependents.map((dependent) =>
    withoutOwners(dependent.kind.ref, dependent.object, uids, `${owner.metadata.name} leaves its dependents behind`),
  );
}

function letGo(kind: string, owner: KubeObject, finalizer: string, because: string): Decision {
  const rest = (owner.metadata.finalizers ?? []).filter((one) => one !== finalizer);
  const body = { metadata: { finalizers: rest.length > 0 ? rest : null } };
  return patch({ id: kind }, owner, body, { because, basedOn: [streamOfObject({ id: kind }, owner)] });
}
