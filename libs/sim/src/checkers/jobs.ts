import { jobKind, jobs, parseIndexes, pods, type Job } from '#kinds';
import { controllerOf, findCondition } from '#meta';
import { objectsByOwner, parseStream, type StoredEvent, type View } from '#model';
import { type Pod } from '#pod';
import type { EventChecker } from './checker.js';

const FINALIZER = 'batch.kubernetes.io/job-tracking';
const INDEX = 'batch.kubernetes.io/job-completion-index';
const LIMIT = 1_000_000;

/** What the log has shown of one job. */
interface Known {
  /** Uids of its pods that have succeeded, with the position from which on. */
  readonly succeeded: Map<string, number>;
  /** Uids of its pods that failed or were deleted before they lost the tracking finalizer. */
  readonly failed: Set<string>;
  /** Uids of its pods that held the tracking finalizer: a failing job counts those that have not succeeded. */
  readonly tracked: Set<string>;
  readonly indexes: Set<number>;
  /** How many pods it may have had at a time, from which position on. */
  readonly most: { readonly from: number; readonly most: number }[];
  end?: 'Complete' | 'Failed';
}

/**
 * Each end of a pod counts once: the status of a job never counts more successes than pods that succeeded, nor more failures than pods
 * that failed, and no succeeded pod loses its finalizer before the status has it. A job has no more pods than its parallelism, unless it replaces those that terminate. It ends one way, for good, and makes no pods after that.
 */
export function jobsAreSound(): EventChecker {
  const all = new Map<string, Known>();
  const of = (uid: string): Known => {
    const known = all.get(uid) ?? newJob();
    all.set(uid, known);
    return known;
  };
  return {
    name: 'jobs count each pod once',
    check(event, before, after) {
      const { kind, namespace, name } = parseStream(event.stream);
      if (kind === jobs.id) {
        const job = after.get(jobs, namespace, name);
        return job && checkJob(job, of(job.metadata.uid), event);
      }
      if (kind !== pods.id) return undefined;
      const pod = after.get(pods, namespace, name);
      const old = before.get(pods, namespace, name);
      const owner = controllerOf(pod ?? old ?? NOBODY);
      if (owner?.kind !== jobKind.names.kind) return undefined;
      const known = of(owner.uid);
      const job = after.get(jobs, namespace, owner.name);
      if (pod) note(pod, known, event.position);
      if (job?.metadata.uid !== owner.uid || event.metadata.via !== 'job') return undefined;
      if (event.type === 'Created') return tooMany(job, known, event, after);
      return old && isUncounted(job, old, pod) ? `${name} succeeded, and ${owner.name} will not count it` : undefined;
    },
  };
}
const NOBODY = { metadata: {} };
function newJob(): Known {
  return { succeeded: new Map(), failed: new Set(), tracked: new Set(), indexes: new Set(), most: [] };
}

function note(pod: Pod, { succeeded, failed, tracked, indexes }: Known, position: number): void {
  const { metadata, status } = pod;
  if (holds(pod)) {
    tracked.add(metadata.uid);
    const isDeleted = metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded';
    if (status?.phase === 'Failed' || isDeleted) failed.add(metadata.uid);
  }
  if (status?.phase !== 'Succeeded') return;
  if (!succeeded.has(metadata.uid)) succeeded.set(metadata.uid, position);
  indexes.add(Number(metadata.annotations?.[INDEX] ?? -1));
}

function checkJob(job: Job, known: Known, { position, metadata: { basis } }: StoredEvent): string | undefined {
  const { spec, status = {}, metadata } = job;
  const most = spec.parallelism ?? 1;
  if (known.most.at(-1)?.most !== most) known.most.push({ from: position, most });
  const ends = (['Complete', 'Failed'] as const).filter(
    (type) => findCondition(status.conditions, type)?.status === 'True',
  );
  if (ends.length > 1) return `${metadata.name} is complete and failed`;
  if (known.end !== undefined && ends[0] !== known.end) return `${metadata.name} was ${known.end} and is so no more`;
  if (ends[0]) known.end = ends[0];
  const failures = (status.failed ?? 0) + (status.uncountedTerminatedPods?.failed?.length ?? 0);
  const mayFail = failuresOf(job, known, basis?.view ?? position);
  if (failures > mayFail) return `${metadata.name} counts ${failures} failures of ${mayFail} pods`;
  const counted = (status.succeeded ?? 0) + (status.uncountedTerminatedPods?.succeeded?.length ?? 0);
  const indexes = indexesIn(status.completedIndexes);
  if (spec.completionMode === 'Indexed') {
    if (counted !== indexes.length) return `${metadata.name} counts ${counted} successes of ${indexes.length} indexes`;
    const wrong = indexes.find((index) => !known.indexes.has(index));
    return wrong === undefined ? undefined : `${metadata.name} counts index ${wrong}, of which no pod has succeeded`;
  }
  const there = known.succeeded.size;
  return counted > there ? `${metadata.name} counts ${counted} successes of ${there} pods` : undefined;
}
/**
 * How many pods may have failed by a status that was decided on the view at `decidedAt`. A failing job counts pods that run; one that ends
 * well after that view stays counted as failed.
 */
function failuresOf({ status }: Job, { succeeded, failed, tracked }: Known, decidedAt: number): number {
  const isFailing = findCondition(status?.conditions, 'FailureTarget')?.status === 'True';
  for (const uid of isFailing ? tracked : []) if ((succeeded.get(uid) ?? Infinity) > decidedAt) failed.add(uid);
  return failed.size;
}
function indexesIn(text: string | undefined): readonly number[] {
  const parsed = parseIndexes(text ?? '', LIMIT);
  if (!parsed.ok) return [];
  return parsed.value.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
}

/** Commands land in another order than they were decided in, so what was allowed when the pod was decided on counts too. */
function tooMany(job: Job, { most, end }: Known, event: StoredEvent, after: View): string | undefined {
  const { name, uid } = job.metadata;
  if (end !== undefined) return `${name} is ${end} and makes a pod`;
  const decidedAt = event.metadata.basis?.view ?? Infinity;
  const allowed = Math.max(job.spec.parallelism ?? 1, most.findLast(({ from }) => from <= decidedAt)?.most ?? 0);
  const countsTerminating = job.spec.podReplacementPolicy === 'Failed';
  const running = (after.by(objectsByOwner, uid) as readonly Pod[]).filter(
    ({ metadata, spec, status }) =>
      !['Succeeded', 'Failed'].includes(status?.phase ?? '') &&
      // A deleted pod without a node runs nowhere, and never will.
      (metadata.deletionTimestamp === undefined || (countsTerminating && spec.nodeName !== undefined)),
  );
  return running.length > allowed ? `${name} has ${running.length} pods, ${allowed} allowed` : undefined;
}

function holds(pod: Pod | undefined): boolean {
  return pod?.metadata.finalizers?.includes(FINALIZER) === true;
}
function isUncounted(job: Job, old: Pod, pod: Pod | undefined): boolean {
  if (old.status?.phase !== 'Succeeded' || !holds(old) || holds(pod)) return false;
  const { metadata, spec, status = {} } = job;
  if (metadata.deletionTimestamp !== undefined) return false;
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if ([...succeeded, ...failed].includes(old.metadata.uid)) return false;
  if (spec.completionMode !== 'Indexed') return true;
  // An index that has failed before stays so.
  const settled = [...indexesIn(status.completedIndexes), ...indexesIn(status.failedIndexes ?? undefined)];
  return !settled.includes(Number(old.metadata.annotations?.[INDEX] ?? -1));
}

/** Once all is healed, every job is finished and has counted all of its pods. */
export function unfinishedJobs(view: View): readonly string[] {
  const out: string[] = [];
  for (const { metadata, status } of view.list(jobs)) {
    const isFinished = (['Complete', 'Failed'] as const).some(
      (type) => findCondition(status?.conditions, type)?.status === 'True',
    );
    if (!isFinished) out.push(`job ${metadata.name} is not finished: ${JSON.stringify(status)}`);
  }
  for (const { metadata, status } of view.list(pods))
    if (['Succeeded', 'Failed'].includes(status?.phase ?? '') && metadata.finalizers?.includes(FINALIZER))
      out.push(`pod ${metadata.name} has ended and is not counted`);
  return out;
}
