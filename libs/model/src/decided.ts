import type { JsonObject } from '#std';
import type { Command } from './command.js';
import type { RecordedAnswer } from './event.js';
import type { KubeObject } from './kube-object.js';
import { isQuestions, type Questions } from './question.js';
import { isRefusal, type Refusal } from './refusal.js';

/** One event that should be appended, or nothing (`changed: false`), or what is answered without one, or a refusal, or what has to be asked before. */
export type Decided = DecidedEvent | Served | Refusal | Questions;
/** A decision that is no event. */
export function isUndecided(value: object): value is Served | Refusal | Questions {
  return isRefusal(value) || isQuestions(value) || isServed(value);
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

/** The answer to a create of a virtual resource (a review, a TokenRequest): it may be secret, and is kept nowhere. */
export interface Served {
  readonly refused?: false;
  readonly served: KubeObject;
  readonly warnings: readonly string[];
  /** Annotations of the audit event of the request. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}
/** An object of a client never passes for a decision: every object has an apiVersion. */
export function isServed(value: object): value is Served {
  return 'served' in value && !('apiVersion' in value);
}
