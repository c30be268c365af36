import type { kubelet } from '#loops';
import type { KubeObject } from '#model';
import { isTerminal, type Pod } from '#pod';
import type { NodeContext } from './node-context.js';
import { insufficientResource, rejectionOf } from './pod-rejection.js';
import type { PodWorker } from './pod-worker.js';
import type { Reporter } from './reporter.js';

export interface PodAdmissionContext {
  readonly workers: () => Iterable<PodWorker>;
  /** The newest sync left the pod out. */
  readonly isOmitted: (uid: string) => boolean;
  /** The Node as the control plane last showed it. */
  readonly node: () => KubeObject | undefined;
  readonly reporter: Reporter;
  readonly isShuttingDown: () => boolean;
  /** What the node is short of. */
  readonly pressures: () => readonly kubelet.Pressure[];
}

/** Refuses pods, and sizes of pods, for which the node has no room. */
export class PodAdmission {
  constructor(private readonly parts: PodAdmissionContext) {}

  /**
   * A pod that has not begun here yet is refused when it does not fit. What the control plane no longer counts here does
   * not count: it would send one pod after another into the same room, and each would be refused.
   */
  admit(worker: PodWorker, context: NodeContext): void {
    const { pod } = worker;
    if (pod.status?.startTime || pod.metadata.deletionTimestamp) return;
    if (this.parts.isShuttingDown()) {
      const why = 'Pod was rejected as the node is shutting down.';
      return this.refuse(worker, 'NodeShutdown', why, why);
    }
    const others = [...this.parts.workers()]
      .filter((k) => !isTerminal(k.record.status.phase) && !k.gone && !this.parts.isOmitted(k.uid))
      .map((k) => k.pod);
    const node = this.parts.node();
    const allocatable = {
      ...context.allocatable,
      ...(node?.status as { allocatable?: Record<string, string> } | undefined)?.allocatable,
    };
    const refused = rejectionOf(pod, others, {
      allocatable,
      node,
      info: context.info,
      pressures: this.parts.pressures(),
    });
    if (refused) this.refuse(worker, refused.reason, `Pod was rejected: ${refused.message}`, refused.message);
  }
  private refuse(worker: PodWorker, reason: string, message: string, said: string): void {
    worker.record = { ...worker.record, refused: true, failed: { reason, message } };
    this.parts.reporter.incident(worker.pod, { type: 'Warning', reason, message: said });
  }

  resizeRefusal(pod: Pod, context: NodeContext): kubelet.Situation['resizeRefused'] {
    const alone = insufficientResource(pod, [], context.allocatable);
    if (alone) return { reason: 'Infeasible', message: alone.message };
    const others = [...this.parts.workers()]
      .filter((k) => k.uid !== pod.metadata.uid && !isTerminal(k.record.status.phase))
      .map((k) => k.pod);
    const beside = insufficientResource(pod, others, context.allocatable);
    return beside && { reason: 'Deferred', message: beside.message };
  }
}
