import { controllerOf, controllerRef, selectorMatches, type LabelSelector } from '#meta';
import type { KindRef, KubeObject, OwnerReference, Submit } from '#model';
import type { Json, JsonObject } from '#std';
import { patch, streamOfObject } from './submit.js';

export interface Claims<T> {
  readonly mine: readonly T[];
  /** Adoptions and releases that have to happen first. */
  readonly changes: readonly Submit[];
}

export interface ClaimOptions {
  /** What is adopted gets this finalizer, what is released loses it. */
  readonly finalizer?: string;
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
  options: ClaimOptions = {},
): Claims<T> {
  const mine: T[] = [];
  const changes: Submit[] = [];
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    if (controller && controller.uid !== owner.metadata.uid) continue;
    const matches = selectorMatches(selector, candidate.metadata.labels);
    if (controller && matches) mine.push(candidate);
    else if (controller && !owner.metadata.deletionTimestamp) changes.push(release(ref, owner, candidate, options));
    else if (!controller && matches && !owner.metadata.deletionTimestamp && !candidate.metadata.deletionTimestamp) {
      changes.push(adopt(ref, owner, candidate, options));
    }
  }
  return { mine, changes };
}

function adopt(ref: KindRef, owner: KubeObject, object: KubeObject, { finalizer }: ClaimOptions): Submit {
  const owners = [...(object.metadata.ownerReferences ?? []), controllerRef(owner)];
  const because = `nobody controls it and the selector of ${owner.metadata.name} matches its labels`;
  const others = withoutFinalizer(object, finalizer);
  return setOwners(ref, object, owners, because, finalizer === undefined ? {} : { finalizers: [...others, finalizer] });
}
function release(ref: KindRef, owner: KubeObject, object: KubeObject, { finalizer }: ClaimOptions): Submit {
  const owners = withoutUids(object, new Set([owner.metadata.uid]));
  const because = `the selector of ${owner.metadata.name} no longer matches its labels`;
  const others = withoutFinalizer(object, finalizer);
  const finalizers = others.length > 0 ? others : null;
  return setOwners(ref, object, owners, because, finalizer === undefined ? {} : { finalizers });
}
function withoutFinalizer({ metadata }: KubeObject, finalizer: string | undefined): readonly string[] {
  return metadata.finalizers?.filter((one) => one !== finalizer) ?? [];
}

/** Takes the references to these uids from an object. */
export function withoutOwners(ref: KindRef, object: KubeObject, uids: ReadonlySet<string>, because: string): Submit {
  return setOwners(ref, object, withoutUids(object, uids), because);
}
function withoutUids({ metadata }: KubeObject, uids: ReadonlySet<string>): readonly OwnerReference[] {
  return metadata.ownerReferences?.filter((owner) => !uids.has(owner.uid)) ?? [];
}
export function setOwners(
  ref: KindRef,
  object: KubeObject,
  owners: readonly OwnerReference[],
  because: string,
  also: JsonObject = {},
): Submit {
  const ownerReferences = owners.length > 0 ? (owners as unknown as Json) : null;
  const body = { metadata: { uid: object.metadata.uid, ownerReferences, ...also } };
  return patch(ref, object, body, { because, basedOn: [streamOfObject(ref, object)] });
}
