import type { Frontend, FrontendChanges } from '#model';
import type { ContainerOwner } from './container-runtime.js';
import type { PodNetwork } from './pod-network.js';

/**
 * Makes services reachable on one node, from its pods and from itself: new connections to a {@link Frontend} go to one of its
 * backends, each as likely as the others.
 *
 * Promises that every adapter keeps:
 * - a backend that is left out gets no new connection once the call has resolved; connections under way are left to end. Flows of
 *   UDP, which have no end, and what was begun with TCP and never answered, are forgotten a moment later;
 * - a frontend without backends refuses at once (`reject`) or drops;
 * - a client with affinity stays with its backend as long as that is there, whatever happens to the others;
 * - what it made is its own alone: nothing else on the machine is changed, and no other cluster on it is met;
 * - it goes on when the process ends; {@link replace} of the next one takes it over without a gap.
 * Calls come one after the other. What goes wrong rejects with an Error that says it in a sentence, and nothing of the call is
 * in effect then.
 */
export interface ServiceDataplane {
  /** `nftables`: what `SHIPLOG_PROXY_MODE` calls it. */
  readonly mode: string;
  /** Comes first, and again when the place has changed; a {@link replace} follows. Rejects where the node cannot do it. */
  open(place: DataplanePlace): Promise<void>;
  /** These frontends and no others. */
  replace(frontends: readonly Frontend[]): Promise<void>;
  /** With what an earlier change left for the next one, which may have no changes of its own. */
  apply(changes: FrontendChanges): Promise<void>;
  /** Whether all that was made is still there; where it is not, {@link open} and {@link replace} make it again. */
  check(): Promise<boolean>;
  /** Takes away all that was made. */
  remove(owner: ContainerOwner): Promise<void>;
}

export interface DataplanePlace extends ContainerOwner {
  readonly pods: PodNetwork | undefined;
}
