import type { Instant, JsonObject } from '#std';
import type { Command } from './command.js';
import type { Path, RecordedAnswer, Upcaster } from './event.js';
import type { Inquire } from './inquiry.js';
import type { KindId, KindRef, KubeObject } from './kube-object.js';
import type { ObjectIndex } from './object-index.js';
import type { Picture } from './picture.js';
import { isQuestions, type Answers, type Questions } from './question.js';
import { isRefusal, type Problem, type Refusal } from './refusal.js';
import type { ObjectType } from './schema/index.js';
import type { AdmissionPlugin } from './standard-kind/admission.js';
import type { Unlogged } from './unlogged.js';
import type { StreamState, View } from './view.js';

export interface KindNames {
  /** '' for core. */
  readonly group: string;
  /** The version that is stored. */
  readonly version: string;
  /** The version that Kubernetes stores, where it is another one: discovery publishes its hash. */
  readonly storageVersion?: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
}
/** What a kind is to the system, whatever its name. */
export type KindRole = 'namespace';
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A column of the Table form. `cell` may use the object and the moment it is looked at. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  /** 0 is shown always, 1 with `-o wide`. */
  readonly priority: number;
  readonly description: string;
  cell(object: KubeObject, now: Instant): string | number | boolean | null;
}

/** What decide may use beside state and command. */
export interface DecideContext {
  readonly now: Instant;
  /** A fresh uid for an object that this command creates. */
  readonly uid: string;
  readonly kind: Kind;
  readonly kinds: KindRegistry;
  /** What was asked already and answered. */
  readonly answers?: Answers;
  /** Admission is over: a command that follows on an admitted one, or a read that only looks like a write. */
  readonly isAdmitted?: boolean;
}

/** One event that should be appended, or nothing (`changed: false`), or a refusal, or what has to be asked before. */
export type Decided = DecidedEvent | Refusal | Questions;
/** A decision that is no event. */
export function isUndecided(value: object): value is Refusal | Questions {
  return isRefusal(value) || isQuestions(value);
}
export interface DecidedEvent {
  readonly refused?: false;
  /** Undefined when the command changes nothing, or on dry run. */
  readonly event: { readonly type: string; readonly data: JsonObject } | undefined;
  /** The state after the event (on dry run: as it would be), without resourceVersion. */
  readonly object: KubeObject;
  readonly created: boolean;
  readonly deleted: boolean;
  readonly warnings: readonly string[];
  /** Annotations of the audit event of the request. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  /** What was answered by those that were asked, for the metadata of the event. */
  readonly answers?: readonly RecordedAnswer[];
  readonly response?: JsonObject;
  /** Further commands that belong to the same wish, in order (rare: eviction that also writes a budget). */
  readonly then?: readonly Command[];
  /** Name that was decided (generateName). */
  readonly name: string;
}

/** A subresource in discovery and routing. */
export interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly Verb[];
  /** The body's schema when it differs from the kind's own. */
  readonly schema?: ObjectType<unknown>;
  /** Of its table, where it has one of its own. */
  readonly columns?: readonly Column[];
  /** Of what is created and answered but never stored. */
  readonly inquire?: Inquire;
  /** Shiplog's own: served, and in no discovery or OpenAPI document, which are those of Kubernetes. */
  readonly isOwn?: boolean;
  /**
   * Its commands shred sealed values: the engine adds a `ValuesShredded` event to them whose facts name, as `shredded`, the
   * objects of the name that are gone and still have keys.
   */
  readonly shreds?: boolean;
}

export interface FieldSelector {
  /** `spec.nodeName` */
  readonly field: string;
  value(object: KubeObject): string;
}

/** Another version of the same stored kind (events.k8s.io/v1 beside core/v1). */
export interface ServedVersion {
  readonly group: string;
  readonly version: string;
  readonly schema: ObjectType<unknown>;
  /** From the stored form to this version's, and back. Identity where absent. */
  toServed?(object: KubeObject): KubeObject;
  toStored?(object: KubeObject): KubeObject;
  /** What this version can be selected by, where that differs; `value` reads the stored form. */
  readonly fieldSelectors?: readonly FieldSelector[];
  /** This version's table, where it differs; cells read the stored form. */
  readonly columns?: readonly Column[];
  /** Told with every answer about this version. */
  readonly deprecation?: string;
}

/** A kind is one value: everything else is derived from a registry of these. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** `apps.deployments` */
  readonly id: KindId;
  readonly ref: KindRef<T>;
  readonly names: KindNames;
  readonly schema: ObjectType<unknown>;
  readonly columns: readonly Column[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  readonly fieldSelectors: readonly FieldSelector[];
  /** How an unknown field selector is refused; see pitfalls/apply-patch-watch-list.md, 19. */
  readonly fieldSelectorError: 'label' | 'kind' | 'known';
  readonly served: readonly ServedVersion[];
  /** The stored version is served only if `served` has it too: a form of what is stored, like the others. */
  readonly storedOnly?: boolean;
  /** Defined in the cluster: lists name the type of each item, discovery names the verbs in the order given. */
  readonly isCustom?: boolean;
  /** Paths whose values must never be stored in clear. Each leads to a map of texts. Events record these paths. */
  readonly sealed: readonly Path[];
  /** Special types of its events (`PodBound`) beside the standard ones: what else is in the log, another build wrote. */
  readonly events: readonly string[];
  /** What this build writes: one more than there are upcasters. */
  readonly schemaVersion: number;
  /** The n-th reads events of schema version n as those of version n + 1. Stored events are never edited. */
  readonly upcasters: readonly Upcaster[];
  /** Told with every answer about this kind, for those who still use it. */
  readonly deprecation?: string;
  /** At most one kind of a registry has a given role; see {@link kindInRole}. */
  readonly role?: KindRole;
  /** Secondary indexes that this kind queries in its decisions. */
  readonly indexes?: readonly ObjectIndex[];
  /** Objects of this kind that are no events. */
  readonly unlogged?: Unlogged;
  /** Conditions of an object's row in a Table: pods that are over say so. */
  readonly rowConditions?: ((object: KubeObject) => readonly JsonObject[]) | undefined;
  /** Of a kind that is created and answered but never stored: what comes instead of a decision. */
  readonly inquire?: Inquire;
  /** Of kinds whose objects define kinds: the one that this object defines, undefined while it defines none. Pure. */
  readonly defines?: (definition: KubeObject) => Kind | undefined;
  /** What `decide` derives from a view and the writer keeps up to date between commands. */
  readonly picture?: Picture;
  decide(command: Command, state: StreamState | undefined, view: View, context: DecideContext): Decided;
}

/** The kinds that there are: those that a build defines, or those of one view. */
export interface KindRegistry {
  readonly all: readonly Kind[];
  /**
   * The kinds of a view: the built-in ones, and those that objects of the view define. Views with the same definitions give
   * the same registry, so what is derived from one can be kept by its identity.
   */
  at(view: Pick<View, 'list'>): KindRegistry;
  byId(id: KindId): Kind | undefined;
  /** By what a URL or a body says. */
  byResource(group: string, version: string, plural: string): Kind | undefined;
  byKind(group: string, version: string, kind: string): Kind | undefined;
  /** Rules of admission, asked in this order for every write of every kind. */
  readonly admission?: readonly AdmissionPlugin[];
}

/** The kind that has a role; undefined in a registry without one. */
export function kindInRole({ all }: Pick<KindRegistry, 'all'>, role: KindRole): Kind | undefined {
  return all.find((kind) => kind.role === role);
}

export type { Problem };
