import type { PolicyChanges } from '#model';
import type { ContainerOwner } from './container-runtime.js';
import type { PodNetwork } from './pod-network.js';

/**
 * Enforces NetworkPolicies on the pods of one node, as rules for single pods say.
 *
 * Promises that every adapter keeps:
 * - a new connection to or from a pod that rules isolate passes only when one of them allows it, judged by the addresses and ports of the
 *   two ends themselves: where a service led it, not what was called; on the pods' bridge and between nodes;
 * - what belongs to a connection that has begun passes, in both directions, also when rules change; but for datagrams of
 *   `fresh` addresses, which are judged anew;
 * - the node itself reaches its pods and is reached by them, and a pod reaches itself;
 * - each call is in effect whole or not at all: no packet meets half of it;
 * - what it made is its own alone, and goes on when the process ends; {@link replace} of the next one takes it over without a gap.
 * Calls come one after the other. What goes wrong rejects with an Error that says it in a sentence.
 */
export interface PolicyDataplane {
  /**
   * Comes first, and again when the place has changed; a {@link replace} follows. Rejects where the node cannot do it at all; resolves with
   * a sentence where a part of the traffic is not seen.
   */
  open(place: PolicyPlace): Promise<string | undefined>;
  /** These rules and no others. */
  replace(all: PolicyChanges): Promise<void>;
  apply(changes: PolicyChanges): Promise<void>;
  /**
   * Beside what an earlier process made, what it lacks of these rules: those of pods that have none, and of `changed` addresses. All others
   * stay as they are, and groups that are there keep their members. {@link replace} comes before {@link apply} then.
   */
  add(all: PolicyChanges, changed: ReadonlySet<string>): Promise<void>;
  /** Whether all that was made is still there; where it is not, {@link open} and {@link replace} make it again. */
  check(): Promise<boolean>;
  /** Takes away all that was made, by an earlier process too. */
  remove(owner: ContainerOwner): Promise<void>;
}

export interface PolicyPlace extends ContainerOwner {
  readonly pods: PodNetwork;
}
