import { pods as podsRef, type Job } from '#kinds';
import type { Submit } from '#model';
import type { Pod } from '#pod';
import { patch, streamOfObject } from '../shared/index.js';
import type { Finish } from './finish.js';
import { countsAsFailed, hasFailed, indexIn, isIndexed, type Look, type Tally } from './situation.js';
import { isTracked, TRACKING_FINALIZER } from './pod-marks.js';
import type { IndexSet } from './index-set.js';

/** As many ended pods as one status names, and one look adds to it. Those it names already are collected, however many. */
const UNCOUNTED_MAX = 500;

/**
 * Each ended pod is counted once, whoever dies in between. First the status names it (`uncountedTerminatedPods`, or its index), then it loses
 * its finalizer, by which no process can take it for uncounted again, then the status counts it and forgets its name.
 */
export interface Count {
  /** What the status is to say. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completed: IndexSet;
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Pods that the status names already, and that can lose their finalizer. */
  readonly counted: readonly Pod[];
  /** No pod is left that may have to be counted. */
  readonly isWhole: boolean;
}

export function countOf(look: Look, tally: Tally, finish: Finish | undefined): Count {
  const { job, pods, said } = look;
  const isHeld = (uid: string): boolean => pods.holds(uid);
  const succeeded = [...said.succeeded].filter(isHeld);
  const failed = [...said.failed].filter(isHeld);
  const indexes: number[] = [];
  const counted: Pod[] = [];
  const ended = endedPods(look, tally, finish);
  for (const pod of ended) {
    const news = newsOf(look, pod, finish);
    const { uid } = pod.metadata;
    if (news === 'none') {
      // One that still runs is deleted first.
      if (!pods.active.has(uid) || isDeleted(job)) counted.push(pod);
    } else if (indexes.length + succeeded.length + failed.length < UNCOUNTED_MAX) {
      const index = indexIn(job, pod);
      if (news === 'failed') failed.push(uid);
      else if (news === 'succeeded') succeeded.push(uid);
      else if (index !== undefined) indexes.push(index);
    }
  }
  const completed = said.completed.with(indexes);
  const { status } = job;
  return {
    succeeded: isIndexed(job) ? completed.size : (status?.succeeded ?? 0) + goneOf(said.succeeded, isHeld),
    failed: (status?.failed ?? 0) + goneOf(said.failed, isHeld),
    completed,
    uncounted: { succeeded, failed },
    counted,
    isWhole: ended.length === 0 && succeeded.length + failed.length === 0,
  };
}
function goneOf(uids: ReadonlySet<string>, isHeld: (uid: string) => boolean): number {
  return [...uids].filter((uid) => !isHeld(uid)).length;
}

/** Pods that hold the finalizer and need it no more once they are counted. When the job ends, or goes, these are all. */
function endedPods({ job, pods }: Look, { replaced }: Tally, finish: Finish | undefined): readonly Pod[] {
  const unsettled = pods.inOrder(pods.unsettled);
  if (finish !== undefined || isDeleted(job)) return [...unsettled, ...pods.inOrder(pods.active).filter(isTracked)];
  const waiting = new Set([...replaced.values()].map(({ metadata }) => metadata.uid));
  return unsettled.filter(
    (pod) => pod.status?.phase === 'Succeeded' || (hasFailed(job, pod) && !waiting.has(pod.metadata.uid)),
  );
}
function isDeleted(job: Job): boolean {
  return job.metadata.deletionTimestamp !== undefined;
}

/** What the status does not say yet of a pod that has ended. */
function newsOf(
  { job, said }: Look,
  pod: Pod,
  finish: Finish | undefined,
): 'succeeded index' | 'succeeded' | 'failed' | 'none' {
  const { uid } = pod.metadata;
  const index = indexIn(job, pod);
  if (said.succeeded.has(uid) || said.failed.has(uid)) return 'none';
  if (pod.status?.phase === 'Succeeded') {
    if (!isIndexed(job)) return 'succeeded';
    const isSettled = index === undefined || said.completed.has(index) || said.failedIndexes.has(index);
    return isSettled ? 'none' : 'succeeded index';
  }
  // When the job fails, so have all pods that had not ended; when it succeeds, those that it stops have not.
  const isFailure = finish?.type === 'SuccessCriteriaMet' ? pod.status?.phase === 'Failed' : hasFailed(job, pod);
  if (!isFailure && finish?.type !== 'FailureTarget') return 'none';
  return countsAsFailed(job, pod) ? 'failed' : 'none';
}

/** Takes the tracking finalizer from a pod that is counted. */
export function untrack(pod: Pod, because: string, basedOn: readonly string[] = []): Submit {
  const finalizers = pod.metadata.finalizers?.filter((one) => one !== TRACKING_FINALIZER) ?? [];
  const body = { metadata: { uid: pod.metadata.uid, finalizers: finalizers.length > 0 ? finalizers : null } };
  return patch(podsRef, pod, body, { because, basedOn: [streamOfObject(podsRef, pod), ...basedOn] });
}
