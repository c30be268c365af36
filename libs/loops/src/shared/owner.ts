import { controllerOf, controllerRef, selectorMatches, type LabelSelector } from '#meta';
import type { KindRef, KubeObject, OwnerReference, Submit } from '#model';
import type { Json } from '#std';
import { patch, streamOfObject } from './submit.js';

export interface Claims<T> {
  readonly mine: readonly T[];
  /** Adoptions and releases that have to happen first. */
  readonly changes: readonly Submit[];
}

/**
 * Sorts out which of the candidates belong to an owner: what it controls and its selector matches. What it controls
 * without a match is released, what nobody controls is adopted if it matches and neither of the two is being deleted.
 */
export function claim<T extends KubeObject>(
  ref: KindRef<T>,
  owner: KubeObject,
  selector: LabelSelector | null | undefined,
  candidates: readonly T[],
): Claims<T> {
  const mine: T[] = [];
  const changes: Submit[] = [];
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    if (controller && controller.uid !== owner.metadata.uid) continue;
    const matches = selectorMatches(selector, candidate.metadata.labels);
    if (controller && matches) mine.push(candidate);
    else if (controller && !owner.metadata.deletionTimestamp) changes.push(release(ref, owner, candidate));
    else if (!controller && matches && !owner.metadata.deletionTimestamp && !candidate.metadata.deletionTimestamp) {
      changes.push(adopt(ref, owner, candidate));
    }
  }
  return { mine, changes };
}

function adopt(ref: KindRef, owner: KubeObject, object: KubeObject): Submit {
  const owners = [...(object.metadata.ownerReferences ?? []), controllerRef(owner)];
  return setOwners(
    ref,
    object,
    owners,
    `nobody controls it and the selector of ${owner.metadata.name} matches its labels`,
  );
}
function release(ref: KindRef, owner: KubeObject, object: KubeObject): Submit {
  return withoutOwners(
    ref,
    object,
    new Set([owner.metadata.uid]),
    `the selector of ${owner.metadata.name} no longer matches its labels`,
  );
}

/** Takes the references to these uids from an object. */
export function withoutOwners(ref: KindRef, object: KubeObject, uids: ReadonlySet<string>, because: string): Submit {
  const owners = object.metadata.ownerReferences?.filter((owner) => !uids.has(owner.uid)) ?? [];
  return setOwners(ref, object, owners, because);
}
export function setOwners(
  ref: KindRef,
  object: KubeObject,
  owners: readonly OwnerReference[],
  because: string,
): Submit {
  const ownerReferences = owners.length > 0 ? (owners as unknown as Json) : null;
  const body = { metadata: { uid: object.metadata.uid, ownerReferences } };
  return patch(ref, object, body, { because, basedOn: [streamOfObject(ref, object)] });
}
