import { hasJobCondition, type Job, type JobCondition } from '#kinds';
import { findCondition } from '#meta';
import type { Pod } from '#pod';
import { parseInstant, toTime, type Instant } from '#std';
import { dueAfter } from '../shared/index.js';
import { requiredIndexes } from './success-policy.js';
import { completionsOf, isIndexed, isSuspended, type Look, type Tally } from './situation.js';

/** How a job ends. It is said before its last pods have gone, and becomes final after that. */
export interface Finish {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
  /** The status says so. */
  readonly isRecorded: boolean;
}

/** The condition that a job has for good once its last pod has gone. */
export const FINAL = { FailureTarget: 'Failed', SuccessCriteriaMet: 'Complete' } as const;

/** How the job ends; undefined while it goes on. What was said once stays. */
export function finishOf(look: Look, tally: Tally): Finish | undefined {
  const { job } = look;
  return (
    recorded(job, 'SuccessCriteriaMet') ??
    recorded(job, 'FailureTarget') ??
    failure(look, tally) ??
    failureOfIndexes(job, tally) ??
    successByPolicy(job, tally) ??
    success(look, tally)
  );
}

function recorded({ status }: Job, type: Finish['type']): Finish | undefined {
  const found = findCondition(status?.conditions, type);
  if (found?.status !== 'True') return undefined;
  return { type, reason: found.reason ?? '', message: found.message ?? '', isRecorded: true };
}
function fails(reason: string, message: string): Finish {
  return { type: 'FailureTarget', reason, message, isRecorded: false };
}

function failure(look: Look, { failed, failMessage }: Tally): Finish | undefined {
  const { job, now } = look;
  if (failMessage !== undefined) return fails('PodFailurePolicy', failMessage);
  if (failed > (job.spec.backoffLimit ?? DEFAULT_BACKOFF_LIMIT) || restartsTooOften(look))
    return fails('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = deadlineOf(look);
  return deadline !== undefined && deadline <= now
    ? fails('DeadlineExceeded', 'Job was active longer than specified deadline')
    : undefined;
}
const DEFAULT_BACKOFF_LIMIT = 6;

/** When the job will have been active for too long; undefined while it may take as long as it likes, or does not run. */
export function deadlineOf({ job, ...moment }: Look): Instant | undefined {
  const { spec, status } = job;
  const started = parseInstant(status?.startTime);
  if (typeof spec.activeDeadlineSeconds !== 'number' || started === undefined || isSuspended(job)) return undefined;
  // Resumed: it starts anew.
  if (hasJobCondition(status, 'Suspended')) return undefined;
  return dueAfter(started, spec.activeDeadlineSeconds * 1000, moment);
}

/** Containers that are started again in their pods count towards the limit as pods do. */
function restartsTooOften({ job, pods }: Look): boolean {
  if (job.spec.template?.spec?.restartPolicy !== 'OnFailure') return false;
  const limit = job.spec.backoffLimit ?? DEFAULT_BACKOFF_LIMIT;
  let restarts = 0;
  for (const pod of pods.active.values()) restarts += allRestarts(pod);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}
function allRestarts({ status }: Pod): number {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
}

function failureOfIndexes(job: Job, { failedIndexes, completed }: Tally): Finish | undefined {
  if (!failedIndexes) return undefined;
  const { maxFailedIndexes } = job.spec;
  if (typeof maxFailedIndexes === 'number' && failedIndexes.size > maxFailedIndexes)
    return fails('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  if (failedIndexes.size > 0 && failedIndexes.size + completed.size >= (completionsOf(job) ?? Infinity))
    return fails('FailedIndexes', 'Job has failed indexes');
  return undefined;
}

function successByPolicy(job: Job, { completed }: Tally): Finish | undefined {
  const { successPolicy } = job.spec;
  if (!isIndexed(job) || !successPolicy) return undefined;
  const all = requiredIndexes(successPolicy, completionsOf(job) ?? 0);
  const met = (successPolicy.rules ?? []).findIndex(({ succeededCount }, rule) => {
    const required = all[rule];
    const reached = required ? required.common(completed) : completed.size;
    return (required && reached === required.size) || (typeof succeededCount === 'number' && reached >= succeededCount);
  });
  if (met < 0) return undefined;
  const message = `Matched rules at index ${met}`;
  return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message, isRecorded: false };
}

function success({ job, pods }: Look, { succeeded }: Tally): Finish | undefined {
  const completions = completionsOf(job);
  const isReached = completions === undefined ? succeeded > 0 : succeeded >= completions;
  if (!isReached || pods.active.size > 0) return undefined;
  return {
    ...{ type: 'SuccessCriteriaMet', reason: 'CompletionsReached' },
    ...{ message: 'Reached expected number of succeeded pods', isRecorded: false },
  };
}

export function jobCondition(
  facts: Pick<JobCondition, 'type' | 'status'> & { readonly reason: string; readonly message: string },
  now: Instant,
): JobCondition {
  const { type, status, reason, message } = facts;
  return { type, status, lastProbeTime: toTime(now), lastTransitionTime: toTime(now), reason, message };
}
