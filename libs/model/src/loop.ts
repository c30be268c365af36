import type { Instant, JsonObject } from '#std';
import type { Command } from './command.js';
import type { KindId } from './kube-object.js';
import type { Outside } from './outside.js';
import type { Picture } from './picture.js';
import type { ObjectIndex } from './object-index.js';
import type { Change, View } from './view.js';

/** What a loop asks for: plain data, carried out by the runner. */
export type Decision = Submit | Wake | Act;
export interface Submit {
  readonly is: 'submit';
  readonly command: LoopCommand;
  /** One sentence for the event: why. */
  readonly because: string;
  /**
   * Streams whose revision this was decided on (names; the runner reads revisions off the view, and adds what the submits have
   * written that this one follows on).
   */
  readonly basedOn?: readonly string[];
  /** Submitted in order once this was accepted, dropped when it was refused: the incident about a creation. */
  readonly then?: readonly Submit[];
}
/** All submits of a look, those that follow on others included, in their order. */
export function submitsOf(decisions: readonly Decision[]): readonly Submit[] {
  return decisions.flatMap((decision) =>
    decision.is === 'submit' ? [decision, ...submitsOf(decision.then ?? [])] : [],
  );
}
/** What the runner completes (actor, via, correlation) before it goes to the writer. */
export type LoopCommand = Pick<Command, 'verb' | 'kind' | 'namespace' | 'name'> &
  Partial<Pick<Command, 'apiVersion' | 'subresource' | 'body' | 'patchType' | 'options' | 'uid' | 'event'>>;
/** Look at this key again at that moment, whether or not anything changed. */
export interface Wake {
  readonly is: 'wake';
  readonly at: Instant;
}
/** For the agent only: something to do on the node. */
export interface Act {
  readonly is: 'act';
  readonly action: JsonObject;
  readonly because: string;
}

/** One duty. `reconcile` is synchronous and pure: no clock, no chance, no I/O. */
export interface Loop {
  /** `deployment`; it acts as `system:serviceaccount:kube-system:<account>`. */
  readonly name: string;
  /**
   * The service account of kube-system that it acts as, Kubernetes' own name: `deployment-controller`. A name that begins with
   * `system:` is a user instead: `system:kube-scheduler`.
   */
  readonly account: string;
  /** What the loop keeps of a view between looks. The runner tells it every change before it computes keys. */
  readonly picture?: Picture;
  /** Secondary indexes that this loop queries. */
  readonly indexes?: readonly ObjectIndex[];
  /** Keys to look at because of a change; empty when it does not matter. */
  keysOf(change: Change, view: View): readonly string[];
  /** Keys to look at once the view is complete after a start. */
  keysAtStart(view: View): readonly string[];
  reconcile(view: View, key: string, now: Instant, outside?: Outside): readonly Decision[];
}

/**
 * A submit of the last look at a key that was refused. The runner hands these to the next look at the same key as
 * the fact `refusals`: a replica set says in its status why it could not create a pod.
 */
export type LoopRefusal = JsonObject & {
  readonly verb: string;
  readonly kind: KindId;
  readonly name: string;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
};
