import { safeSuffix, uuidOf } from '#std';
import { streamOf, type KindRef, type KubeObject, type StreamState, type View } from '#model';

/** Kubernetes cuts the beginning of a generated name so that five letters more still make a host name. */
const GENERATED_NAME_MAX = 63;
const SUFFIX_LENGTH = 5;
/** A command is over by then, whoever sent it (`COMMAND_TIMEOUT_MS` of the writer, and its way there). */
export const ON_ITS_WAY_MS = 35_000;

export interface ChildName {
  readonly name: string;
  readonly uid: string;
}

export interface NextChildren {
  readonly names: readonly ChildName[];
  /** Living children with higher numbers than some of those: of each of them one with a lower number has not been seen. */
  readonly ahead: readonly KubeObject[];
}

/**
 * Names and uids of the next children of an owner, derived from its uid and how many it ever had: whoever decides on the
 * same view picks the same, and the second to arrive is refused instead of making one more.
 */
export function nextChildren(view: View, owner: KubeObject, kind: KindRef, count: number): NextChildren {
  const { uid, namespace } = owner.metadata;
  const names: ChildName[] = [];
  const ahead: KubeObject[] = [];
  // A number can be taken without being counted, when of several creations a later one was accepted and an earlier one not yet.
  for (let n = view.childrenEver(uid); names.length < count; n++) {
    const child = { name: generatedName(owner.metadata.name, `${uid}/${n}`), uid: childUid(uid, n) };
    const known = view.stream(streamOf(kind.id, namespace, child.name));
    if (wasNever(known)) names.push(child);
    else if (known?.object?.metadata.uid === child.uid) ahead.push(known.object);
  }
  return { names, ahead };
}

/**
 * Whether nothing ever had the name of a stream. One in which only a writer that was voted out has appended is there too, and the
 * creation that it appended may come once more: who passed the name over would make another child beside that one.
 */
export function wasNever(known: StreamState | undefined): boolean {
  return known === undefined || (known.object === undefined && known.ended?.uid === '');
}

/** The uid of an owner's child number n. */
export function childUid(ownerUid: string, n: number): string {
  return uuidOf(`${ownerUid}/${n}`);
}

export function generatedName(base: string, from: string): string {
  return generatedPrefix(namePrefix(base)) + safeSuffix(from, SUFFIX_LENGTH);
}
/** The beginning of a generated name, cut so that `reserved` characters and the suffix still fit behind it. */
export function generatedPrefix(prefix: string, reserved = 0): string {
  return prefix.slice(0, GENERATED_NAME_MAX - SUFFIX_LENGTH - reserved);
}
export function namePrefix(base: string): string {
  return `${base}-`;
}
