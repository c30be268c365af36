import type { Json, JsonObject } from '#std';
import type { KindId, KubeObject } from './kube-object.js';
import type { LoopBasis, RequestOrigin } from './event.js';
import type { Refusal } from './refusal.js';

/** Who asks, as authentication found out. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** One wish of a person or a loop to change one object. Plain data: it travels over `command.<…>` as it is. */
export interface Command {
  readonly verb: 'create' | 'update' | 'patch' | 'delete';
  readonly kind: KindId;
  /** API version that the client spoke, `apps/v1`: bodies are in it, managedFields name it. */
  readonly apiVersion: string;
  readonly namespace?: string;
  /** '' for a create whose name is in the body or is to be generated. */
  readonly name: string;
  /** `status`, `scale`, `binding`, `eviction`, `finalize`, … */
  readonly subresource?: string;
  /** The decoded body: the object, the patch document, the DeleteOptions. */
  readonly body?: Json;
  readonly patchType?: PatchType;
  readonly options: CommandOptions;
  readonly actor: UserInfo;
  /** The authenticated user that acts as `actor`; undefined without impersonation. */
  readonly impersonator?: UserInfo;
  /** The user agent, or the loop's name. */
  readonly via: string;
  /** Undefined for a command of a loop or of an agent's report. */
  readonly request?: RequestOrigin;
  readonly because?: string;
  /** As the event's metadata has them. */
  readonly causes?: readonly number[];
  readonly causeCount?: number;
  readonly basis?: LoopBasis;
  /** Streams that a loop looked at; if one has moved the command is refused with reason `Stale`. */
  readonly basedOn?: readonly { readonly stream: string; readonly revision: number }[];
  /** The uid that a create is to give (loops derive it from owner uid and n). */
  readonly uid?: string;
  readonly correlationId: string;
  readonly traceparent?: string;
  /** Event type that a loop names for what it does (`PodBound`), with facts for the event's data. */
  readonly event?: { readonly type: string; readonly facts?: JsonObject };
  /**
   * What its loop submits once this was accepted. A writer of a log that keeps the order of appends decides it in the same turn and
   * appends it right behind; the answer then has its result as {@link Accepted.next}. Otherwise the loop submits it.
   */
  readonly next?: Command;
}
export interface CommandOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  readonly force?: boolean;
  /** Duplicate JSON/YAML keys that the parser met, in Kubernetes' words for them. */
  readonly duplicateFields?: readonly string[];
  /** One deletion of a `deletecollection`. */
  readonly ofCollection?: boolean;
  /** Whether PUT/apply of a missing object may create it was authorised (update needs `create` too). */
  readonly mayCreate?: boolean;
}

/** What became of a command. */
export type CommandResult = Accepted | Refusal;
export interface Accepted {
  readonly refused?: false;
  /** The object after the change; the last one before it for a deletion. For scale/binding/eviction see `response`. */
  readonly object: KubeObject;
  /** A different answer for subresources: Scale, Status, TokenRequest. */
  readonly response?: JsonObject;
  readonly created: boolean;
  /** True when the object is gone after this. */
  readonly deleted: boolean;
  /** Position of the event, or of the state when nothing changed. */
  readonly position: number;
  readonly changed: boolean;
  /** Texts of `Warning: 299` headers. */
  readonly warnings: readonly string[];
  /** Annotations of the audit event of the request. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  /** What became of {@link Command.next}; undefined when nobody has tried it. */
  readonly next?: CommandResult;
}
