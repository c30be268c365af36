import { finishedCondition, jobs, type Job } from '#kinds';
import type { Loop } from '#model';
import { parseInstant, type Instant } from '#std';
import { dueAfter, keyOf, parseKey, remove, sides, streamOfObject, wakeAtFirst, type Moment } from '../shared/index.js';

/** Deletes jobs, and their pods before them, `ttlSecondsAfterFinished` after they have finished. */
export const ttlAfterFinished: Loop = {
  name: 'ttl-after-finished',
  account: 'ttl-after-finished-controller',
  keysOf(change) {
    if (change.kind !== jobs.id || !change.after) return [];
    return isWaiting(change.after as Job) ? sides(change).slice(-1).map(keyOf) : [];
  },
  keysAtStart: (view) => view.list(jobs).filter(isWaiting).map(keyOf),
  reconcile(view, key, now, outside) {
    const { namespace, name } = parseKey(key);
    const job = view.get(jobs, namespace, name);
    const due = job && dueOf(job, { now, outside });
    if (!job || due === undefined) return [];
    if (due > now) return wakeAtFirst([due], now);
    const because = `it finished ${job.spec.ttlSecondsAfterFinished} seconds ago or earlier`;
    return [remove(jobs, job, { because, propagationPolicy: 'Foreground', basedOn: [streamOfObject(jobs, job)] })];
  },
};

function isWaiting(job: Job): boolean {
  return typeof job.spec.ttlSecondsAfterFinished === 'number' && finishedSince(job) !== undefined;
}
function dueOf(job: Job, moment: Moment): Instant | undefined {
  const { ttlSecondsAfterFinished: ttl } = job.spec;
  const since = finishedSince(job);
  if (typeof ttl !== 'number' || since === undefined) return undefined;
  return dueAfter(since, ttl * 1000, moment);
}
/** Undefined while the job is not finished, and when it is being deleted already. */
function finishedSince({ metadata, status }: Job): Instant | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  return parseInstant(finishedCondition(status)?.lastTransitionTime);
}
