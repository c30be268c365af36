/** Owner references: who made an object, and with whom it goes. */
export interface OwnerRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}
interface Owned {
  readonly metadata: { readonly ownerReferences?: readonly OwnerRef[] };
}
interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
}

/** The reference to the one controller that manages this object. */
export function controllerOf(object: Owned): OwnerRef | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** A reference by which this owner controls what carries it; the owner's deletion in the foreground waits for it. */
export function controllerRef(owner: Owner): OwnerRef {
  return { ...ownerRef(owner), controller: true, blockOwnerDeletion: true };
}
export function ownerRef(owner: Owner): OwnerRef {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
  };
}

/** The group of an apiVersion: `apps` of `apps/v1`, '' of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}
