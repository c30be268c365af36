import { jobs, type Job, type JobCondition, type JobStatus } from '#kinds';
import { findCondition } from '#meta';
import type { Submit } from '#model';
import { jsonEquals, parseInstant, toTime, type Json } from '#std';
import { incident, reportStatus } from '../shared/index.js';
import type { Count } from './count.js';
import { FINAL, jobCondition, type Finish } from './finish.js';
import { completionsOf, isIndexed, isSuspended, type Look, type Tally } from './situation.js';

export const COMPONENT = 'job-controller';

/** The status as it is to be, and what is to be said about it. */
export interface Report {
  readonly status: JobStatus;
  readonly because: string;
  /** It differs in more than how many pods run: pods are made and deleted once this is said. */
  readonly isDue: boolean;
  readonly incidents: readonly Submit[];
}

interface Verdict {
  readonly conditions: readonly JobCondition[];
  readonly because: string;
  readonly incidents?: readonly Submit[];
  readonly startTime?: string;
  readonly completionTime?: string;
}

export function reportOf(look: Look, tally: Tally, count: Count, finish: Finish | undefined): Report {
  const { job, pods, now } = look;
  const before = job.status ?? {};
  const verdict = finish ? ending(look, count, finish) : going(look);
  const started = before.startTime ?? (isSuspended(job) ? undefined : toTime(now));
  const { startTime = started, completionTime = before.completionTime, conditions } = verdict;
  const { uncounted, completed } = count;
  const status: JobStatus = {
    ...(conditions.length > 0 && { conditions }),
    ...(startTime != null && { startTime }),
    ...(completionTime != null && { completionTime }),
    ...positive('active', pods.active.size),
    ...positive('succeeded', count.succeeded),
    ...positive('failed', count.failed),
    terminating: pods.terminating.size,
    ...(isIndexed(job) && completed.size > 0 && { completedIndexes: completed.toString() }),
    ...(tally.failedIndexes && { failedIndexes: tally.failedIndexes.toString() }),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length > 0 && { succeeded: uncounted.succeeded }),
      ...(uncounted.failed.length > 0 && { failed: uncounted.failed }),
    },
    ready: pods.ready,
  };
  const isDue = !jsonEquals(counting(before) as Json, counting(status) as Json);
  return { status, because: verdict.because, isDue, incidents: verdict.incidents ?? [] };
}
/** All but how many pods run. */
function counting({ active: _active, ready: _ready, terminating: _terminating, ...rest }: JobStatus): object {
  return rest;
}
/** Kubernetes leaves these counts out when they are 0. */
function positive<K extends string>(field: K, count: number): { readonly [P in K]?: number } {
  return count > 0 ? ({ [field]: count } as { readonly [P in K]?: number }) : {};
}

/** The write of the status, and the incidents that follow on it; nothing when all is said. */
export function report(job: Job, { status, because, incidents }: Report): readonly Submit[] {
  const writes = reportStatus(jobs, job, status, { because });
  return writes.map((write) => (incidents.length > 0 ? { ...write, then: incidents } : write));
}

/** How the job ends is said first; that it has ended when its pods have gone and are counted. */
function ending(look: Look, count: Count, finish: Finish): Verdict {
  const { job, pods, now } = look;
  const conditions = job.status?.conditions ?? [];
  const { type, reason, message, isRecorded } = finish;
  if (!isRecorded)
    return {
      conditions: [...conditions, jobCondition({ type, status: 'True', reason, message }, now)],
      because: message,
    };
  if (!count.isWhole || pods.active.size > 0 || pods.terminating.size > 0)
    return { conditions, because: 'pods of a job that ends have changed' };
  const final = jobCondition({ type: FINAL[type], status: 'True', reason, message }, now);
  const isSuccess = type === 'SuccessCriteriaMet';
  return {
    conditions: [...conditions, final],
    because: message,
    // The wall clock may have been set back since the start.
    ...(isSuccess && { completionTime: toTime(Math.max(now, parseInstant(job.status?.startTime) ?? now)) }),
    incidents: isSuccess ? completed(look, count) : say(look, 'Warning', reason, message),
  };
}
function completed(look: Look, { succeeded }: Count): readonly Submit[] {
  const completions = completionsOf(look.job);
  const tooMany = 'Too many succeeded pods running after completion count reached';
  return [
    ...(completions !== undefined && succeeded > completions
      ? say(look, 'Warning', 'TooManySucceededPods', tooMany)
      : []),
    ...say(look, 'Normal', 'Completed', 'Job completed'),
  ];
}

/** A job is suspended when its pods have been deleted, and resumed before it makes others. */
function going(look: Look): Verdict {
  const { job, pods, now } = look;
  const conditions = job.status?.conditions ?? [];
  const old = findCondition(conditions, 'Suspended');
  const wasSuspended = old?.status === 'True';
  const suspends = isSuspended(job) && pods.active.size === 0;
  if (suspends && !wasSuspended) {
    const [reason, message] = ['JobSuspended', 'Job suspended'];
    return {
      conditions: withCondition(conditions, jobCondition({ type: 'Suspended', status: 'True', reason, message }, now)),
      because: 'it is suspended',
      incidents: say(look, 'Normal', 'Suspended', message),
    };
  }
  if (!isSuspended(job) && wasSuspended) {
    const [reason, message] = ['JobResumed', 'Job resumed'];
    return {
      conditions: withCondition(conditions, jobCondition({ type: 'Suspended', status: 'False', reason, message }, now)),
      because: 'it is no longer suspended',
      // How long it may be active counts from now.
      startTime: toTime(now),
      incidents: say(look, 'Normal', 'Resumed', message),
    };
  }
  return { conditions, because: 'the pods have changed' };
}
function withCondition(conditions: readonly JobCondition[], condition: JobCondition): readonly JobCondition[] {
  const others = conditions.filter(({ type }) => type !== condition.type);
  if (others.length === conditions.length) return [...conditions, condition];
  return conditions.map((one) => (one.type === condition.type ? condition : one));
}

function say({ view, now, job }: Look, type: 'Normal' | 'Warning', reason: string, message: string): readonly Submit[] {
  return incident(view, now, { about: job, type, reason, message, component: COMPONENT });
}
