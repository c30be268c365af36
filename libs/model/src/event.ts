import type { Json, JsonObject } from '#std';
import type { KubeObject } from './kube-object.js';

/** The HTTP request that a command came with. */
export interface RequestOrigin {
  /** Same as the `Audit-Id` header of the answer and the `auditID` of the audit file. */
  readonly auditId: string;
  /** HTTP method. */
  readonly verb: string;
  /** Path without the query, which may hold secrets. */
  readonly path: string;
  /** Address of the peer of the connection. */
  readonly source?: string;
}

/** Who wrote an event, why, and from what: everything that `why` and `replay` live on. */
export interface EventMetadata {
  /** The writer's term; an event below the last `WriterElected` before it does not count. */
  readonly epoch: number;
  /** User name of the one who asked, `system:serviceaccount:kube-system:<loop>` for a loop. */
  readonly actor: string;
  /** More about the actor. A loop writes its name only: the rest follows from it. */
  readonly user?: UserDetails;
  /** The authenticated user that acted as `actor`. */
  readonly impersonator?: UserDetails & { readonly name: string };
  /** What the request came through: a user agent, or the loop's name. */
  readonly via: string;
  /** Manager of the fields that the request set. */
  readonly fieldManager?: string;
  /** The HTTP request; undefined for loops and agents' reports. */
  readonly request?: RequestOrigin;
  /** One sentence of a loop on why it decided so. */
  readonly because?: string;
  /** Positions of the events that led here, ascending. A write of a person has none. */
  readonly causes?: readonly number[];
  /** How many there were, where there were more than `causes` names. */
  readonly causeCount?: number;
  readonly correlationId: string;
  readonly traceparent?: string;
  readonly schemaVersion: number;
  /** What a loop's decision was made from. */
  readonly basis?: LoopBasis;
  /** What others outside of the log answered to the writer's decision. */
  readonly answers?: readonly RecordedAnswer[];
}
/** An answer that a decision used. */
export interface RecordedAnswer {
  /** Who was asked: `mutating webhook config/hook`, `conversion webhook widgets.example.com`. */
  readonly from: string;
  readonly outcome: 'allowed' | 'failed' | 'converted' | 'signed';
  /** The JSON Patch of a webhook. Left out where it is larger than {@link PATCH_CHARACTERS_MAX}, and of kinds with sealed values. */
  readonly patch?: Json;
  /** There was a patch that is not recorded. */
  readonly isCut?: true;
}
/** Characters of JSON that an event has room for of one patch. */
export const PATCH_CHARACTERS_MAX = 4096;
/** What authentication found out about a user beside the name, shortened to what an event has room for. */
export interface UserDetails {
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** True when something was left out or cut. */
  readonly isCut?: true;
}
export interface LoopBasis {
  readonly loop: string;
  readonly key: string;
  /** Position of the view that was decided on. */
  readonly view: number;
  /** RFC 3339 with milliseconds. */
  readonly now: string;
  readonly build: string;
  /** What the look read of the facts that are not in the log: heartbeats, refusals of the last look, steps of the wall clock. */
  readonly facts?: JsonObject;
  /** See `digestOf`: the same look gives a decision with the same digest again. Events of builds before 2026-12 have none. */
  readonly decided?: string;
}

/** An event that is not in the log yet. */
export interface NewEvent {
  /** UUIDv5 of (stream, expected revision, cause): appending it twice gives the first result. */
  readonly id: string;
  /** Past tense, `PodBound`. */
  readonly type: string;
  /** RFC 3339 with milliseconds: when the writer decided. */
  readonly time: string;
  readonly data: JsonObject;
  readonly metadata: EventMetadata;
}

/** An event as the log gives it back. */
export interface StoredEvent extends NewEvent {
  readonly stream: string;
  /** Number of the event within its stream, from 0. */
  readonly revision: number;
  /** Strictly growing over the whole log, with gaps; never 0; below 2^53. It is the object's resourceVersion. */
  readonly position: number;
  /**
   * What the event adds to the hash chain of its log, where the log has computed it already: the digest of its canonical
   * bytes, or the chain itself where the store keeps one.
   */
  readonly digest?: string;
}

/** What folding needs of a stored event. */
export interface Fact extends Omit<StoredEvent, 'id' | 'metadata' | 'digest'> {
  readonly metadata: Pick<EventMetadata, 'epoch' | 'schemaVersion'>;
  /** Where the event was opened: its data with the values still sealed, in the form that folds like the opened one. */
  readonly sealedData?: JsonObject;
  /** Where values of the event are shredded: opens the object that was folded from sealed values, as far as it can be. */
  readonly reopen?: (sealed: KubeObject, paths: readonly Path[]) => KubeObject;
}
/** An event's type and data in the form of one schema version as the next one has them. Pure; it never throws. */
export interface Upcaster {
  (event: Pick<Fact, 'type' | 'data'>): Pick<Fact, 'type' | 'data'>;
  /** The object has the same form before and after. Snapshots are dropped otherwise: the events before them remain. */
  readonly keepsSnapshot?: true;
}

/** Reads events of a build that did not record what it sealed: `paths` is what the kind sealed then. */
export function recordsSealed(paths: readonly Path[]): Upcaster {
  const upcast = ({ type, data }: Pick<Fact, 'type' | 'data'>) => ({
    type,
    data: { ...data, sealed: paths as unknown as Json },
  });
  return Object.assign(upcast, { keepsSnapshot: true as const });
}

/** A path into an object: keys of maps and objects, indexes of lists. */
export type Path = readonly (string | number)[];

/** Data of the event that begins an object's life. */
export interface CreatedData {
  /** The whole defaulted object without resourceVersion. */
  readonly object: KubeObject;
}
/** What the data of an event says of its own values. */
export interface SealedData {
  /**
   * Paths whose values are ciphertext in the log. Each leads to a map of texts. Absent when nothing is sealed, so an event
   * can be opened and folded without its kind.
   */
  readonly sealed?: readonly Path[];
}
/** Data of every later event: what it sets and unsets in the stored object. */
export interface ChangedData {
  /** The whole object after it, now and then: see {@link SNAPSHOT_EVERY}. */
  readonly snapshot?: KubeObject;
  /** Beside a snapshot: position of the event that created the object, where the writer knew it. */
  readonly createdAt?: number;
  readonly uid: string;
  readonly set?: readonly (readonly [Path, Json])[];
  readonly unset?: readonly Path[];
}

/** Types that every kind has; special ones (`PodBound`, `DeploymentScaled`) are named by the kinds. */
export const CREATED = 'Created';
export const DELETED = 'Deleted';
export const DELETION_REQUESTED = 'DeletionRequested';
export const SPEC_CHANGED = 'SpecChanged';
export const METADATA_CHANGED = 'MetadataChanged';
export const STATUS_REPORTED = 'StatusReported';
export const STANDARD_EVENTS: readonly string[] = [
  CREATED,
  DELETED,
  DELETION_REQUESTED,
  SPEC_CHANGED,
  METADATA_CHANGED,
  STATUS_REPORTED,
];
/** What every event's data says of the object; the facts of a special type stand beside it under other names. */
export const OBJECT_DATA: readonly string[] = ['object', 'snapshot', 'createdAt', 'uid', 'set', 'unset', 'sealed'];
/**
 * So many events of a stream there are from one snapshot to the next. Who reads the past begins with the last one: what
 * was before it is in there already.
 */
export const SNAPSHOT_EVERY = 16;
/**
 * Sealed values of an object's past are to be forgotten, on a user's command. With a `snapshot`: those of every version of the
 * living object before this event. `shredded` names objects that had this name and are gone.
 */
export const VALUES_SHREDDED = 'ValuesShredded';
export interface ValuesShreddedData extends Pick<ChangedData, 'uid' | 'snapshot'> {
  /** Uids. */
  readonly shredded?: readonly string[];
}
/** Schema version of events of objects whose kind is defined in the log: no build has a say in their form. */
export const DEFINED_IN_LOG = 0;
/** What a loop or an agent saw happen; its projection is a Kubernetes Event. */
export const INCIDENT_RECORDED = 'IncidentRecorded';
