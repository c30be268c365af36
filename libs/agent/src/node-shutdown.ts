import { pause } from '#engine';
import { gracePeriodMs, isTerminal } from '#pod';
import type { Clock } from '#ports';
import type { PodWorker } from './pod-worker.js';

/** Why the node is not Ready meanwhile, in the words of a kubelet. */
export const SHUTTING_DOWN = 'node is shutting down';
/** From so high a priority on, a pod is critical for its node. */
const CRITICAL = 2_000_000_000;
/** How long all pods but the critical ones may take, and then those. */
const ORDINARY_MS = 20_000;
const CRITICAL_MS = 10_000;
/** So long the last of a group may take to be killed and reported. */
const REPORTED_MS = 2000;
const LOOK_MS = 100;

export interface NodeShutdownParts {
  readonly clock: Clock;
  readonly workers: () => Iterable<PodWorker>;
  /** Tells the control plane that the node is not Ready. */
  readonly tell: () => void;
  /** Whether everything about the pod was taken by the control plane. */
  readonly isReported: (uid: string) => boolean;
  readonly log: (line: string) => void;
}

/**
 * Ends the pods of a node that is shut down: those of a lower priority first, critical ones last, each group when the one before
 * has ended. It takes {@link ORDINARY_MS} plus {@link CRITICAL_MS} at most; a pod whose grace period is longer gets what is left.
 */
export class NodeShutdown {
  private running: Promise<void> | undefined;

  constructor(private readonly parts: NodeShutdownParts) {}

  get hasBegun(): boolean {
    return this.running !== undefined;
  }
  run(): Promise<void> {
    return (this.running ??= this.endAll());
  }

  private async endAll(): Promise<void> {
    const { clock } = this.parts;
    this.parts.log(`${SHUTTING_DOWN}: its pods end`);
    this.parts.tell();
    const begun = clock.monotonic();
    const groups = byPriority([...this.parts.workers()].filter((worker) => !worker.over));
    for (const [i, { priority, workers }] of groups.entries()) {
      const isCritical = priority >= CRITICAL;
      const ends = begun + ORDINARY_MS + (isCritical ? CRITICAL_MS : 0);
      const rest = groups.slice(i).filter((group) => group.priority >= CRITICAL === isCritical).length;
      await this.end(workers, Math.max(1000, (ends - clock.monotonic()) / rest));
    }
    await this.until(REPORTED_MS, () =>
      groups.every(({ workers }) => workers.every((worker) => worker.over || this.parts.isReported(worker.uid))),
    );
  }
  private async end(workers: readonly PodWorker[], ms: number): Promise<void> {
    for (const worker of workers) worker.terminate(Math.min(gracePeriodMs(worker.pod), ms));
    await this.until(ms + REPORTED_MS, () => workers.every(hasEnded));
  }
  private async until(ms: number, isSo: () => boolean): Promise<void> {
    const { clock } = this.parts;
    for (const end = clock.monotonic() + ms; !isSo() && clock.monotonic() < end;) await pause(clock, LOOK_MS);
  }
}

function hasEnded({ over, record, containers }: PodWorker): boolean {
  return over || (isTerminal(record.status.phase) && !containers.some(runs));
}
function runs({ state, labels }: PodWorker['containers'][number]): boolean {
  return state === 'running' && labels.role !== 'infra';
}

function byPriority(
  workers: readonly PodWorker[],
): readonly { readonly priority: number; readonly workers: readonly PodWorker[] }[] {
  const groups = new Map<number, PodWorker[]>();
  for (const worker of workers) {
    const priority = worker.pod.spec.priority ?? 0;
    groups.set(priority, [...(groups.get(priority) ?? []), worker]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([priority, those]) => ({ priority, workers: those }));
}
