import type { Instant, JsonObject } from '#std';
import type { Command } from './command.js';
import type { Conversions } from './conversion.js';
import type { Decided } from './decided.js';
import type { Path, RecordedAnswer, Upcaster } from './event.js';
import type { Column, FieldSelector, KindNames, KindRole, ServedVersion, Verb } from './kind-parts.js';
import type { KindId, KindRef, KubeObject } from './kube-object.js';
import type { ObjectIndex } from './object-index.js';
import type { Picture } from './picture.js';
import type { Answers, Questions } from './question.js';
import type { Problem, Refusal } from './refusal.js';
import type { ObjectType } from './schema/index.js';
import type { Unlogged } from './unlogged.js';
import type { StreamState, View } from './view.js';

/** What decide may use beside state and command. */
export interface DecideContext {
  readonly now: Instant;
  /** A fresh uid for an object that this command creates. */
  readonly uid: string;
  readonly kind: Kind;
  readonly kinds: KindRegistry;
  /** What was asked already and answered. */
  readonly answers?: Answers;
  /** Asks servers outside to convert objects that the decision looks at. */
  readonly conversions?: Conversions;
  /** The object as it is stored, where `state` has it in the version that the client speaks. */
  readonly stored?: KubeObject;
  /** Admission is over: a command that follows on an admitted one, or a read that only looks like a write. */
  readonly isAdmitted?: boolean;
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
  /** What a get answers of an object as the version shows it. Absent: what a patch of nothing would answer. */
  readonly show?: (object: KubeObject) => JsonObject;
  /** What it takes is answered and never stored: see {@link Kind.isVirtual}. */
  readonly isVirtual?: true;
  /** Shiplog's own: served, and in no discovery or OpenAPI document, which are those of Kubernetes. */
  readonly isOwn?: boolean;
  /**
   * Its commands shred sealed values: the engine adds a `ValuesShredded` event to them whose facts name, as `shredded`, the
   * objects of the name that are gone and still have keys.
   */
  readonly shreds?: boolean;
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
  /** Of kinds that an object defines: the stream of that object. What is written of the kind comes after it in the log. */
  readonly definedIn?: string;
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
  /**
   * Created and answered but never stored: a decision is `Served`. The process that takes the request decides, so that nobody waits behind
   * writes, or for a writer. What is answered may be secret.
   */
  readonly isVirtual?: true;
  /** Of kinds whose objects define kinds: the one that this object defines, undefined while it defines none. Pure. */
  readonly defines?: (definition: KubeObject) => Kind | undefined;
  /** Of kinds whose objects enable group versions of {@link isOptional} kinds: the one that this object enables. Pure. */
  readonly enables?: (object: KubeObject) => { readonly group: string; readonly version: string } | undefined;
  /** One of a view's kinds only while an object enables its group version: what in Kubernetes is installed beside the API server. */
  readonly isOptional?: true;
  /** The Scale of a stored object (autoscaling/v1); undefined for an object of a version that has none. Kinds without a scale lack this. */
  readonly scaleOf?: (object: KubeObject) => JsonObject | undefined;
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

/** What a strategy's functions may look at. Plain data: the same answers whenever the same is asked. */
export interface StrategyContext {
  readonly command: Command;
  readonly view: View;
  readonly now: Instant;
  /** A fresh uid: the seed of everything that would elsewhere be chance. */
  readonly uid: string;
  readonly kind: Kind;
  readonly kinds: KindRegistry;
}

/** The object of a request in the form that its client speaks, which is what webhooks and policies look at. */
export interface SpokenForm {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The same in another version of the kind, `apps/v1`. What a subresource takes has one version only. */
  in?(apiVersion: string): SpokenForm;
  /** From what is stored. */
  show(object: KubeObject): JsonObject;
  /** Back, with the defaults of the form. `object` is what was shown. */
  take(shown: JsonObject, object: KubeObject): KubeObject | Refusal;
}

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** A write on its way: what admission may look at. */
export interface Admitted extends StrategyContext {
  readonly operation: AdmissionOperation;
  /** The object as it would be stored; of a delete the one that goes. */
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
  /** The version of `old` as clients see it. */
  readonly oldVersion: string | undefined;
  readonly subresource: string | undefined;
  /** The object as the client speaks it: a version of the kind, or what the subresource takes. */
  readonly form: SpokenForm;
  /** What was asked already and answered: a plugin that needs an answer that is not there returns {@link Questions}. */
  readonly answers: Answers;
  /** Objects of kinds that a server outside converts are looked at through these. */
  readonly conversions: Conversions;
  /**
   * The chain of mutating plugins runs a second time because one of them changed the object after others had seen it: what
   * this plugin gave as {@link Mutated.again} in the first run, `null` if nothing. Undefined in the first run.
   */
  readonly again?: unknown;
}

/** What a plugin adds to the outcome of a decision. */
export interface AdmissionNotes {
  readonly warnings: readonly string[];
  /** Annotations of the audit event of the request. */
  readonly auditAnnotations: Readonly<Record<string, string>>;
  /** Answers that the decision used, for the metadata of the event. */
  readonly answers: readonly RecordedAnswer[];
}
/** The object after a mutating plugin that has something to add. */
export interface Mutated extends Partial<AdmissionNotes> {
  readonly mutated: KubeObject;
  /** What the plugin has to know in a second run of the chain. */
  readonly again?: unknown;
  /** The chain is to run a second time, since others should see what this plugin changed. */
  readonly runsAgain?: boolean;
}

/** One rule of admission: pure, asked for every write of every kind, in the order of the registry's list. */
export interface AdmissionPlugin {
  readonly name: string;
  /** May change the object before it is validated, or refuse, or ask. Returns the same object when it has nothing to say. */
  mutate?(request: Admitted): KubeObject | Mutated | Refusal | Questions;
  /** Asked after validation, about the object as it would be stored. */
  validate?(request: Admitted): Partial<AdmissionNotes> | Refusal | Questions | undefined;
}

export * from './decided.js';
export * from './kind-parts.js';
export type { Problem };
