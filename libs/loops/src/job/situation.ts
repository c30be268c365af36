import type { Job } from '#kinds';
import type { LoopRefusal, View } from '#model';
import type { Pod } from '#pod';
import { isInEndingNamespace, type Moment } from '../shared/index.js';
import { IndexSet } from './index-set.js';
import type { PodsOfJob } from './job-pods.js';
import { completionIndex, indexFailures, indexIgnoredFailures } from './pod-marks.js';
import { judge } from './pod-failure-policy.js';

/** What one look at a job starts from. */
export interface Look extends Moment {
  readonly view: View;
  readonly job: Job;
  readonly pods: PodsOfJob;
  readonly refusals: readonly LoopRefusal[];
  /** What the status says. */
  readonly said: Said;
}
export interface Said {
  /** Uids of ended pods that it names and does not count yet. */
  readonly succeeded: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  readonly completed: IndexSet;
  /** Empty where the job has no limit for each index. */
  readonly failedIndexes: IndexSet;
}
export function saidOf(job: Job): Said {
  const { completedIndexes, failedIndexes, uncountedTerminatedPods } = job.status ?? {};
  const { succeeded, failed } = uncountedTerminatedPods ?? {};
  const limit = completionsOf(job) ?? 0;
  return {
    succeeded: new Set(succeeded ?? []),
    failed: new Set(failed ?? []),
    completed: IndexSet.parse(completedIndexes, limit),
    failedIndexes: hasLimitPerIndex(job) ? IndexSet.parse(failedIndexes ?? undefined, limit) : IndexSet.empty,
  };
}

/** How far the job is, with pods that have ended and are not in its status yet. */
export interface Tally {
  readonly succeeded: number;
  /** Without failures that the failure policy ignores. */
  readonly failed: number;
  /** Of an indexed job: the indexes that succeeded. */
  readonly completed: IndexSet;
  /** Of a job with a limit for each index: the indexes that failed. */
  readonly failedIndexes: IndexSet | undefined;
  /** Of a job with a limit for each index: the failed pod that the next one of its index replaces. It holds its finalizer until then. */
  readonly replaced: ReadonlyMap<number, Pod>;
  /** Why the failure policy fails the job. */
  readonly failMessage: string | undefined;
}

export function isSuspended({ spec }: Job): boolean {
  return spec.suspend === true;
}
export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}
export function hasLimitPerIndex({ spec }: Job): boolean {
  return isIndexed({ spec } as Job) && typeof spec.backoffLimitPerIndex === 'number';
}
/** Undefined of a job that is over as soon as one pod has succeeded and no other one runs. */
export function completionsOf({ spec }: Job): number | undefined {
  return spec.completions ?? undefined;
}
/** Pods that terminate are not replaced before they have ended. */
export function replacesOnlyEnded({ spec }: Job): boolean {
  return spec.podReplacementPolicy === 'Failed' || (spec.podFailurePolicy ?? undefined) !== undefined;
}

/** A pod that has failed, that was deleted before it had a node, or, where terminating ones are replaced at once, that will count as failed. */
export function hasFailed(job: Job, pod: Pod): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Failed') return true;
  if (pod.metadata.deletionTimestamp === undefined || phase === 'Succeeded') return false;
  // Without a node nobody will ever report its end.
  return !replacesOnlyEnded(job) || !pod.spec.nodeName;
}
/** Terminating pods whose end the job waits for before it replaces them. A pod without a node has failed: nothing reports its end. */
export function awaitedPods({ job, pods }: Look): readonly Pod[] {
  return replacesOnlyEnded(job) ? [...pods.terminating.values()].filter((pod) => !hasFailed(job, pod)) : [];
}
/** Whether the status counts the pod once it has failed: the failure policy may ignore it, and an index may be none of the job's. */
export function countsAsFailed(job: Job, pod: Pod): boolean {
  return (!isIndexed(job) || indexIn(job, pod) !== undefined) && judge(job, pod).counts;
}
/** The index that the pod completes; undefined where it is none of the job's. */
export function indexIn(job: Job, pod: Pod): number | undefined {
  const index = completionIndex(pod);
  return index !== undefined && index < (completionsOf(job) ?? 0) ? index : undefined;
}
export function tallyOf({ view, job, pods, said }: Look): Tally {
  const { status } = job;
  const [indexes, failures] = [[] as number[], [] as Pod[]];
  let succeeded = (status?.succeeded ?? 0) + said.succeeded.size;
  let failed = (status?.failed ?? 0) + said.failed.size;
  let failMessage: string | undefined;
  for (const pod of pods.inOrder(pods.unsettled)) {
    const { uid } = pod.metadata;
    const index = isIndexed(job) ? indexIn(job, pod) : undefined;
    const isValid = !isIndexed(job) || index !== undefined;
    const isFailure = hasFailed(job, pod);
    const verdict = isFailure ? judge(job, pod) : undefined;
    failMessage ??= verdict?.message;
    if (isFailure) failures.push(pod);
    if (!isValid || said.failed.has(uid) || said.succeeded.has(uid)) continue;
    if (pod.status?.phase === 'Succeeded') {
      succeeded++;
      if (index !== undefined && !said.failedIndexes.has(index)) indexes.push(index);
    } else if (verdict?.counts) failed++;
  }
  const completed = isIndexed(job) ? said.completed.with(indexes) : IndexSet.empty;
  const failedIndexes = hasLimitPerIndex(job) ? failedIndexesOf({ job, said, failures, completed }) : undefined;
  const isReplacing = failedIndexes !== undefined && !isInEndingNamespace(view, job);
  const replaced = isReplacing ? replacedOf({ job, pods, failures, done: [completed, failedIndexes] }) : NO_PODS;
  return {
    succeeded: isIndexed(job) ? completed.size : succeeded,
    ...{ failed, completed, failedIndexes, replaced, failMessage },
  };
}
const NO_PODS: ReadonlyMap<number, Pod> = new Map();

interface Failing {
  readonly job: Job;
  readonly said: Said;
  readonly failures: readonly Pod[];
  readonly completed: IndexSet;
}
/** An index that has two pods may both complete and fail. The status, that never has it as both, keeps what came first. */
function failedIndexesOf({ job, said, failures, completed }: Failing): IndexSet {
  return said.failedIndexes.with(
    failures.flatMap((pod) => {
      const index = indexIn(job, pod);
      return index !== undefined && !completed.has(index) && failsItsIndex(job, pod) ? [index] : [];
    }),
  );
}
function failsItsIndex(job: Job, pod: Pod): boolean {
  const { action, counts } = judge(job, pod);
  return action === 'FailIndex' || (counts && indexFailures(pod) >= (job.spec.backoffLimitPerIndex ?? Infinity));
}

interface Replacing {
  readonly job: Job;
  readonly pods: PodsOfJob;
  readonly failures: readonly Pod[];
  /** Indexes that get no pod any more. */
  readonly done: readonly IndexSet[];
}
/** Of each index that waits for its next pod, the failed one that knows how often the index has failed. */
function replacedOf({ job, pods, failures, done }: Replacing): ReadonlyMap<number, Pod> {
  const replaced = new Map<number, Pod>();
  for (const pod of failures) {
    const index = indexIn(job, pod);
    if (index === undefined || pods.activeByIndex.has(index) || done.some((set) => set.has(index))) continue;
    const other = replaced.get(index);
    if (!other || allFailures(pod) > allFailures(other)) replaced.set(index, pod);
  }
  return replaced;
}
/** How often an index had failed before this pod, ignored failures included. */
export function allFailures(pod: Pod): number {
  return indexFailures(pod) + indexIgnoredFailures(pod);
}
