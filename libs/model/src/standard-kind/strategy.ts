import type { NameRule } from '#meta';
import type { JsonObject } from '#std';
import type { Decided } from '../decided.js';
import type { AdmissionPlugin, DecideContext, SpokenForm, StrategyContext } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import type { Problem, Refusal } from '../refusal.js';
import type { Spoken } from './served.js';

export type { StrategyContext };

/**
 * What is particular about a kind's life; all else is the same for all kinds. Functions take and give stored objects
 * (without resourceVersion) and never change them in place.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Default: DNS subdomain. */
  readonly name?: NameRule;
  /** Finalizers need no domain in front (kinds outside the core's validation: leases, events). */
  readonly shortFinalizers?: boolean;
  /** An update is checked as a creation too, metadata included. */
  readonly revalidatesMetadata?: boolean;
  /** `managed`: 1 at creation and one more for each change that {@link generationGrows}; `client` (default): as sent at creation. */
  readonly generation?: 'managed' | 'client';
  /** Whether a change of the main resource counts; default: `spec` differs. */
  generationGrows?(object: T, old: T, context: StrategyContext): boolean;
  /** A create keeps its status (nodes). */
  readonly createKeepsStatus?: boolean;
  /** What a write to `/status` may change of metadata; default: everything but what is protected everywhere. */
  statusMetadata?(written: T, old: T): T['metadata'];
  /** PUT makes what is not there. */
  readonly putCreates?: boolean;
  /** PUT and delete need no resourceVersion (default true). */
  readonly unconditionalUpdate?: boolean;
  /** Where the object would be in the genuine server's store; its conflict messages name it. Default: the plural. */
  readonly registryPrefix?: string;
  /** A deletion answers with the object instead of a Status. */
  readonly answersDeletionWithObject?: boolean;
  /** Dependents are orphaned when a delete says nothing (`Orphan`), or there is no garbage collection at all (events). */
  readonly garbageCollection?: 'Orphan' | 'Unsupported';
  /** Told with a deletion that does not say what becomes of dependents. */
  readonly orphaningWarning?: string;
  /** Seconds until the end of an object that goes gracefully; undefined for kinds that go at once. */
  gracePeriodSeconds?(object: T, asked: number | undefined): number | undefined;

  /** Defaults that look at more than one field; run after the schema's on every decode. */
  applyDefaults?(object: T, context: DefaultsContext): T;
  /** Whether the actor may write this object at all: asked after mutating admission, before validation. */
  permits?(object: T, old: T | undefined, context: StrategyContext): Refusal | undefined;
  prepareCreate?(object: T, context: StrategyContext): T;
  prepareUpdate?(object: T, old: T, context: StrategyContext): T;
  prepareStatus?(object: T, old: T, context: StrategyContext): T;
  /** Values of the cluster that only the writer can give (cluster IPs); after validation, not on a dry run. */
  allocate?(object: T, old: T | undefined, context: StrategyContext): T | Refusal | readonly Problem[];
  validate?(object: T, context: StrategyContext): readonly Problem[];
  validateUpdate?(object: T, old: T, context: StrategyContext): readonly Problem[];
  validateStatus?(object: T, old: T, context: StrategyContext): readonly Problem[];
  warnings?(object: T, old: T | undefined, context: StrategyContext): readonly string[];
  /** Paths that nobody can own by a write of the main resource (key '') or of a subresource; by default `status` or `spec`. */
  readonly unowned?: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Names the event of a change, with facts beside it, where more can be said than its strongest part. */
  eventOf?(
    object: T,
    old: T,
    context: StrategyContext,
  ): { readonly type: string; readonly facts?: JsonObject } | undefined;
  /** Whether an object that is being deleted goes with this update; default: no finalizers and no grace left. */
  goesWithUpdate?(object: T, old: T): boolean;
  /** Replaces the deletion as such (namespaces). */
  decideDelete?(old: T, options: DeleteOptions, request: Request): Decided | undefined;
  /** Subresources of this kind's own: `binding`, `eviction`, `finalize`, `token`, … */
  readonly subresources?: Readonly<Record<string, SubresourceDecide>>;
}
export interface DefaultsContext {
  readonly isCreate: boolean;
  readonly subresource: string | undefined;
}

export type SubresourceDecide = (request: Request) => Decided;

/** A command with all that deciding it needs; made once, then passed along. */
export interface Request extends StrategyContext {
  readonly strategy: Strategy;
  readonly decideContext: DecideContext;
  readonly spoken: Spoken;
  /** The object as it is stored, if it lives. */
  readonly old: KubeObject | undefined;
  /** Its version as clients see it. */
  readonly oldVersion: string | undefined;
  readonly subresource: string | undefined;
  readonly plugins: readonly AdmissionPlugin[];
  /** Of a subresource with rules of its own. */
  readonly rules?: WriteRules;
  /** Of a subresource that takes another object: that object. */
  readonly form?: SpokenForm;
}

/** What a write may change of an object, and what must hold afterwards. */
export interface WriteRules {
  prepare(object: KubeObject, old: KubeObject): KubeObject;
  readonly validate?:
    ((object: KubeObject, old: KubeObject, context: StrategyContext) => readonly Problem[]) | undefined;
}

/** What a DeleteOptions says. */
export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: string | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}
