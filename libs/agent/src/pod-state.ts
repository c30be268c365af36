import type { Pod } from '#pod';
import type { kubelet } from '#loops';
import type { ContainerOwner, RuntimeContainer } from '#ports';
import type { Instant } from '#std';

/** A container of the pod, as the engine showed it last, with its termination message. */
export type ObservedContainer = RuntimeContainer & kubelet.Observed;

/** What is known of a pod here and what goes on with it, as those see it who carry out its actions. */
export interface PodState {
  readonly uid: string;
  readonly pod: Pod;
  readonly owner: ContainerOwner;
  record: kubelet.PodRecord;
  containers: readonly ObservedContainer[];
  /** Keys of the actions under way. */
  readonly busy: Set<string>;
  /** When each container that is being stopped will be killed, by its id. */
  readonly stopping: Record<string, Instant>;
  /** The node is cut off: the pod stops, and what runs then is killed. */
  readonly fencedUntil: Instant | undefined;
  /** Nothing of it is left here. */
  readonly over: boolean;
  now(): Instant;
  /** Decides anew, soon. */
  look(): void;
  situation(): kubelet.Situation;
  observeOne(id: string): Promise<void>;
  takeOne(id: string, found: RuntimeContainer | undefined): Promise<void>;
  observeAll(): Promise<void>;
}
