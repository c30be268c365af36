import { jobs, pods, type Job } from '#kinds';
import { controllerOf, selectorMatches, type LabelSelector } from '#meta';
import { KeptPicture, objectsByOwner, type Change, type KubeObject, type View } from '#model';
import { isActive, isReady, isTerminating, type Pod } from '#pod';
import type { Instant } from '#std';
import { finishedAt } from './finish-time.js';
import { completionIndex, isTracked } from './pod-marks.js';

/**
 * The pods of each job, sorted by what a look asks of them, so that a look costs what has changed and what runs, and not what
 * the job has ever run.
 */
export class JobPods {
  readonly picture = new KeptPicture<Map<string, PodsOfJob>>({
    // A job's part is derived at its first look.
    build: () => new Map(),
    apply: (known, change) => apply(known, change),
  });

  of(view: View, job: Job): PodsOfJob {
    const { picture: known } = this.picture.of(view);
    const { uid } = job.metadata;
    const kept = known.get(uid);
    if (kept) return kept;
    const found = new PodsOfJob(job);
    for (const object of view.by(objectsByOwner, uid)) if (isPod(object)) found.place(object.metadata.uid, object);
    known.set(uid, found);
    return found;
  }
}

/** A change that the view had folded already when the part was derived is applied once more, which changes nothing. */
function apply(known: Map<string, PodsOfJob>, { kind, before, after }: Change): void {
  const isGone = before !== undefined && before.metadata.uid !== after?.metadata.uid;
  if (kind === jobs.id && isGone) known.delete(before.metadata.uid);
  if (kind !== pods.id) return;
  const controllers = new Set(sidesOf(before, after).map((side) => controllerOf(side)?.uid ?? ''));
  for (const controller of controllers) {
    const kept = known.get(controller);
    if (isGone) kept?.place(before.metadata.uid, undefined);
    if (after) kept?.place(after.metadata.uid, after as Pod);
  }
}
function sidesOf(...sides: readonly (KubeObject | undefined)[]): readonly KubeObject[] {
  return sides.filter((side) => side !== undefined);
}
function isPod(object: KubeObject): object is Pod {
  return object.kind === 'Pod' && object.apiVersion === 'v1';
}

/** The pods that one job controls, by uid. */
export class PodsOfJob {
  /** Pending or running. */
  readonly active = new Map<string, Pod>();
  /** Deleted, and not ended yet. */
  readonly terminating = new Map<string, Pod>();
  /** Hold the tracking finalizer, and have ended or are terminating: they may have to be counted. */
  readonly unsettled = new Map<string, Pod>();
  readonly failed = new Map<string, Pod>();
  /** The selector does not match them. They count for nothing. */
  readonly strays = new Map<string, Pod>();
  /** Active pods that are ready. */
  ready = 0;
  /** How many active pods each index has. */
  readonly activeByIndex = new Map<number, number>();
  /** No active pod ever had a higher index. */
  highestIndex = -1;
  private readonly succeeded = new Map<string, Instant>();
  private latestSuccess: Instant | undefined;

  private readonly uid: string;
  private readonly selector: LabelSelector | undefined;
  constructor({ metadata, spec }: Job) {
    this.uid = metadata.uid;
    // It never changes.
    this.selector = spec.selector;
  }

  /** The pod of this uid as it is now; undefined when it is gone. */
  place(uid: string, pod: Pod | undefined): void {
    this.remove(uid);
    if (!pod || controllerOf(pod)?.uid !== this.uid) return;
    if (!selectorMatches(this.selector, pod.metadata.labels)) {
      this.strays.set(uid, pod);
      return;
    }
    if (pod.status?.phase === 'Failed') this.failed.set(uid, pod);
    if (pod.status?.phase === 'Succeeded') this.addSuccess(uid, finishedAt(pod));
    if (isTerminating(pod)) this.terminating.set(uid, pod);
    if (isActive(pod)) this.addActive(uid, pod);
    else if (isTracked(pod)) this.unsettled.set(uid, pod);
  }
  private remove(uid: string): void {
    const active = this.active.get(uid);
    if (active) this.removeActive(uid, active);
    for (const pods of [this.terminating, this.unsettled, this.failed, this.strays]) pods.delete(uid);
    if (this.succeeded.get(uid) === this.latestSuccess) this.latestSuccess = undefined;
    this.succeeded.delete(uid);
  }

  private addActive(uid: string, pod: Pod): void {
    this.active.set(uid, pod);
    if (isReady(pod)) this.ready++;
    const index = completionIndex(pod);
    if (index === undefined) return;
    this.activeByIndex.set(index, (this.activeByIndex.get(index) ?? 0) + 1);
    this.highestIndex = Math.max(this.highestIndex, index);
  }
  private removeActive(uid: string, pod: Pod): void {
    this.active.delete(uid);
    if (isReady(pod)) this.ready--;
    const index = completionIndex(pod);
    if (index === undefined) return;
    const left = (this.activeByIndex.get(index) ?? 0) - 1;
    if (left > 0) this.activeByIndex.set(index, left);
    else this.activeByIndex.delete(index);
  }
  private addSuccess(uid: string, at: Instant): void {
    if (this.latestSuccess !== undefined || this.succeeded.size === 0)
      this.latestSuccess = Math.max(this.latestSuccess ?? -Infinity, at);
    this.succeeded.set(uid, at);
  }

  /** When a pod last succeeded, of those that are still there. */
  get lastSuccessAt(): Instant | undefined {
    if (this.latestSuccess === undefined)
      for (const at of this.succeeded.values()) this.latestSuccess = Math.max(this.latestSuccess ?? -Infinity, at);
    return this.latestSuccess;
  }
  /** In the order of their names, so that what is decided does not depend on what came first. */
  inOrder(pods: ReadonlyMap<string, Pod>): readonly Pod[] {
    return [...pods.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }
  /** Whether the pod of this uid still holds the tracking finalizer. */
  holds(uid: string): boolean {
    if (this.unsettled.has(uid)) return true;
    const pod = this.active.get(uid);
    return pod !== undefined && isTracked(pod);
  }
}
