import type { KubeObject } from '#model';
import type { Clock } from '#ports';
import { isJsonObject } from '#std';
import type { PodWorker } from './pod-worker.js';

/** An agent that was started and knows nothing of an earlier one waits so long for an answer before it takes itself for cut off. */
const FIRST_ANSWER_MS = 1000;
/** Nothing of it was begun here: any assignment that this agent asked for tells of it. */
const NEVER_RAN = -Infinity;
/** Milliseconds between two looks while any pod asks for it. */
const LOOK_MS = 250;
/** A contact is written to the disk when the one that is there is so old. */
const REMEMBER_MS = 5000;

/** When the control plane last answered, on the clock of one boot of the machine. */
export interface Contact {
  readonly bootId: string;
  readonly uptimeMs: number;
}
export interface FenceParts {
  readonly workers: () => Iterable<PodWorker>;
  /** Milliseconds since the machine was started: it goes on while the agent does not run, and while the machine sleeps. */
  readonly uptimeMs: () => number;
  readonly bootId: string;
  /** The newest sync left the pod out. */
  readonly isOmitted: (uid: string) => boolean;
  /** The Node as the control plane last showed it. */
  readonly node: () => KubeObject | undefined;
  /** Asks for the whole assignment. */
  readonly sync: () => void;
  /** Writes {@link Fence.remembered} soon. */
  readonly save: () => void;
  readonly log: (line: string) => void;
  readonly clock: Pick<Clock, 'after'>;
}

/**
 * Stops the pods that say so when the control plane has not answered for the time that they say. What counts is when the last
 * message was sent that was answered: the control plane cannot have heard it earlier. A pod that was stopped goes on only when an
 * assignment that was asked for afterwards still has it, of a node that is not taken for unreachable. The same holds for a pod of
 * which nothing runs when the agent takes it up: the machine may have been off while it was replaced.
 */
export class Fence {
  private contactAt: number | undefined;
  private savedAt = -Infinity;
  private readonly startedAt: number;
  /** An assignment was taken. */
  private isSynced = false;
  /** By uid: when it was stopped, or {@link NEVER_RAN}. */
  private readonly stoppedAt = new Map<string, number>();
  private cancelLook: (() => void) | undefined;
  private isStopped = false;

  constructor(private readonly parts: FenceParts) {
    this.startedAt = parts.uptimeMs();
  }

  /** Takes over what an earlier agent knew, if the machine has not been started anew since. */
  restore(contact: unknown): void {
    if (!isJsonObject(contact) || contact['bootId'] !== this.parts.bootId) return;
    const at = contact['uptimeMs'];
    if (typeof at === 'number' && at <= this.startedAt) this.contactAt = at;
  }
  get remembered(): Contact | undefined {
    return this.contactAt === undefined ? undefined : { bootId: this.parts.bootId, uptimeMs: this.contactAt };
  }

  /** Whether any pod here asks for it: only then heartbeats have to be answered. */
  get isWanted(): boolean {
    for (const worker of this.parts.workers()) if (worker.fenceAfterMs !== undefined) return true;
    return false;
  }
  now(): number {
    return this.parts.uptimeMs();
  }

  /** A message that was sent then was answered. */
  answered(sentAt: number): void {
    // What was due before stays so: only an assignment says that it may go on.
    this.look();
    this.contactAt = Math.max(this.contactAt ?? -Infinity, sentAt);
    if (this.isWanted && this.contactAt - this.savedAt > REMEMBER_MS) {
      this.savedAt = this.contactAt;
      this.parts.save();
    }
    if (this.stoppedAt.size > 0) this.parts.sync();
  }
  /** An assignment that was asked for then was taken. */
  synced(sentAt: number): void {
    this.isSynced = true;
    for (const worker of this.parts.workers()) {
      const stoppedAt = this.stoppedAt.get(worker.uid);
      if (stoppedAt === undefined || sentAt <= stoppedAt || !this.mayRun(worker)) continue;
      this.stoppedAt.delete(worker.uid);
      worker.unfence();
      if (stoppedAt === NEVER_RAN) continue;
      this.parts.log(`pod ${worker.pod.metadata.name} goes on: the control plane answers and has not replaced it`);
    }
  }
  /** Called when the engine has shown for the first time what there is of a pod, before anything is begun. */
  found(worker: PodWorker): void {
    if (worker.fenceAfterMs === undefined) return;
    if (worker.isRunning) return this.lookAt(worker);
    if (this.isSynced && this.mayRun(worker)) return;
    this.stoppedAt.set(worker.uid, NEVER_RAN);
    worker.fence(0);
    this.parts.sync();
  }
  /** Called with each heartbeat; it goes on by itself, several times a second, while any pod here asks for it. */
  look(): void {
    const known = new Set<string>();
    for (const worker of this.parts.workers()) {
      known.add(worker.uid);
      if (worker.isFound) this.lookAt(worker);
    }
    for (const uid of this.stoppedAt.keys()) if (!known.has(uid)) this.stoppedAt.delete(uid);
    if (this.isStopped || !this.isWanted) return;
    this.cancelLook ??= this.parts.clock.after(LOOK_MS, () => {
      this.cancelLook = undefined;
      this.look();
    });
  }
  stop(): void {
    this.isStopped = true;
    this.cancelLook?.();
  }

  private lookAt(worker: PodWorker): void {
    if (this.stoppedAt.has(worker.uid) || worker.over || !this.isDue(worker)) return;
    this.stoppedAt.set(worker.uid, this.now());
    this.parts.log(`pod ${worker.pod.metadata.name} is stopped: the control plane has not answered for too long`);
    worker.fence(this.now() - this.dueAt(worker.fenceAfterMs));
  }
  private mayRun(worker: PodWorker): boolean {
    return !(this.isDue(worker) || this.parts.isOmitted(worker.uid) || worker.gone) && this.isShownReachable();
  }
  private isDue({ fenceAfterMs }: PodWorker): boolean {
    return this.now() >= this.dueAt(fenceAfterMs);
  }
  private dueAt(fenceAfterMs: number | undefined): number {
    if (fenceAfterMs === undefined) return Infinity;
    return this.contactAt === undefined ? this.startedAt + FIRST_ANSWER_MS : this.contactAt + fenceAfterMs;
  }
  private isShownReachable(): boolean {
    const { conditions = [] } = (this.parts.node()?.['status'] ?? {}) as {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
    return conditions.some(({ type, status }) => type === 'Ready' && status !== 'Unknown');
  }
}
