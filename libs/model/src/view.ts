import type { Path } from './event.js';
import type { KindId, KindRef, KubeObject } from './kube-object.js';
import type { ObjectIndex } from './object-index.js';

/** What the log says of one object's stream. */
export interface StreamState {
  readonly revision: number;
  readonly position: number;
  /** Undefined once the object is gone. */
  readonly object: KubeObject | undefined;
  /**
   * Position of the event that created the object. Undefined when it is gone, and when all that is known of it comes from a
   * snapshot of an older build, which did not say.
   */
  readonly createdAt?: number;
  /** Where values are sealed: the object as the log has it, which checkpoints hold. */
  readonly sealed?: SealedObject;
  /** Of kinds whose values are sealed: what was said to be forgotten of it. */
  readonly shredding?: Shredding;
  /** Only where the object is gone. */
  readonly ended?: End;
}
/** An object whose values at some paths are ciphertext. */
export interface SealedObject {
  readonly object: KubeObject;
  readonly paths: readonly Path[];
}
/** Which sealed values of a stream were shredded on command. */
export interface Shredding {
  /** The first event of the living object whose values are kept. */
  readonly kept?: { readonly revision: number; readonly position: number };
  /** Uids of objects that had the name before, of the last command. */
  readonly objects: readonly string[];
}
export interface End {
  /** When it went, RFC 3339 with milliseconds. */
  readonly at: string;
  /** Which object of this name it was; '' where all that the stream has is of a writer that was voted out: none was. */
  readonly uid: string;
}

/** A read-only look at the cluster at one position. Same answers whoever looks: plain data, no I/O. */
export interface View {
  /** Position of the last event that this view has seen. */
  readonly position: number;
  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined;
  /** All objects of a kind, in one namespace or in all, in key order (namespace, then name). */
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[];
  /** State of a stream, objects that went within the last day included; undefined when nothing is known of one. */
  stream(stream: string): StreamState | undefined;
  /** Objects that have a value in an index, in the order of their stream names. Costs what is found. */
  by<T extends KubeObject>(index: ObjectIndex<T>, value: string): readonly T[];
  /**
   * How many objects were ever created with a controller reference to this uid, up to {@link position}: the n of the next
   * child's name. 0 for owners that do not exist any more.
   */
  childrenEver(ownerUid: string): number;
}

/** A change of one object as loops hear of it: `before` is undefined at its creation, `after` at its end. */
export interface Change {
  readonly kind: KindId;
  readonly position: number;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}
