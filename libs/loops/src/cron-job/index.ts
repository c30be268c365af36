import { cronJobs, finishedCondition, jobs as jobsRef, type CronJobStatus, type Job } from '#kinds';
import { controllerOf } from '#meta';
import { objectsByOwner, refusals, type Change, type Decision, type Loop, type LoopRefusal, type Submit } from '#model';
import { parseInstant, toTime, type Instant } from '#std';
import {
  create,
  jobsControlledBy,
  keyOf,
  parseKey,
  refusalsIn,
  remove,
  reportStatus,
  sides,
  streamOfObject,
  wakeAtFirst,
} from '../shared/index.js';
import { activeJobs, runningJobs, say, type Look } from './active.js';
import { jobFor, jobName } from './job.js';
import { dueOf, isFault, timesOf, type Times } from './schedule.js';

/** Makes a job at each time of a schedule, and deletes the oldest of those that are finished. */
export const cronJob: Loop = {
  name: 'cron-job',
  account: 'cronjob-controller',
  indexes: [objectsByOwner],
  keysOf(change) {
    if (change.kind === cronJobs.id) return sides(change).slice(-1).map(keyOf);
    return change.kind === jobsRef.id ? ownersOf(change) : [];
  },
  keysAtStart: (view) => view.list(cronJobs).map(keyOf),
  reconcile(view, key, now, outside) {
    const { namespace, name } = parseKey(key);
    const found = view.get(cronJobs, namespace, name);
    if (!found) return [];
    return reconcile({ view, cronJob: found, jobs: jobsControlledBy(view, found), now }, refusalsIn(outside));
  },
};
function ownersOf(change: Change): readonly string[] {
  const owners = sides(change).flatMap((side) => {
    const controller = controllerOf(side);
    return controller?.kind === 'CronJob' ? [`${side.metadata.namespace ?? ''}/${controller.name}`] : [];
  });
  return [...new Set(owners)];
}

function reconcile(look: Look, refused: readonly LoopRefusal[]): readonly Decision[] {
  const { cronJob: found, now } = look;
  const times = timesOf(found);
  const isDeleted = found.metadata.deletionTimestamp !== undefined;
  const isIdle = isDeleted || found.spec.suspend === true;
  const due = isFault(times) || isIdle ? undefined : dueOf(found, times, now);
  const { status, incidents } = activeJobs(look, due?.at === undefined ? undefined : jobName(found, due.at));
  const reported = reportOf(look, status, incidents);
  // What is known of earlier jobs comes first: whether another one may start depends on it.
  if (reported.length > 0) return reported;
  const others = isDeleted ? [] : [...incidents, ...outdated(look)];
  if (isIdle) return others;
  if (isFault(times)) return [...others, ...say(look, 'Warning', times.reason, times.message)];
  if (!due) {
    const message = `invalid schedule: ${found.spec.schedule} : time difference between two schedules is less than 1 second`;
    return [...others, ...say(look, 'Warning', 'InvalidSchedule', message)];
  }
  const wakes = wakeAtFirst([due.next], now);
  const starts = due.at === undefined ? [] : start({ ...look, times, at: due.at, refusals: refused });
  const missed = due.isManyMissed && starts.length > 0 ? say(look, 'Warning', 'TooManyMissedTimes', TOO_MANY) : [];
  return [...others, ...missed, ...starts, ...wakes];
}
const TOO_MANY = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';

function reportOf({ cronJob: found }: Look, status: CronJobStatus, incidents: readonly Submit[]): readonly Submit[] {
  const writes = reportStatus(cronJobs, found, status, { because: 'its jobs have changed' });
  return writes.map((write) => (incidents.length > 0 ? { ...write, then: incidents } : write));
}

interface Start extends Look {
  readonly times: Times;
  readonly at: Instant;
  readonly refusals: readonly LoopRefusal[];
}
/** What is to be done because a time has come. */
function start(look: Start): readonly Submit[] {
  const { view, cronJob: found, at } = look;
  const { spec, status = {}, metadata } = found;
  const name = jobName(found, at);
  const active = status.active ?? [];
  if (parseInstant(status.lastScheduleTime) === at || active.some((one) => one.name === name)) return [];
  const running = runningJobs(look).filter((job) => job.metadata.name !== name);
  if (spec.concurrencyPolicy === 'Forbid' && running.length > 0)
    return say(look, 'Normal', 'JobAlreadyActive', FORBIDDEN);
  const existing = view.get(jobsRef, metadata.namespace, name);
  if (existing) return controllerOf(existing)?.uid === metadata.uid ? [started(look, existing)] : inTheWay(look, name);
  if (spec.concurrencyPolicy === 'Replace') {
    const replaced = running.find((job) => job.metadata.deletionTimestamp === undefined);
    if (replaced) return [replace(look, replaced)];
  }
  const refused = look.refusals.find((one) => one.verb === 'create' && one.kind === jobsRef.id);
  return [...(refused ? failed(look, refused.message) : []), startJob(look)];
}
/** The name of a time's job is held by a job of somebody else. Kubernetes passes over it without a word. */
function inTheWay(look: Look, name: string): readonly Submit[] {
  const about = { group: 'batch', resource: 'jobs', kind: 'Job', name };
  return failed(look, `${refusals.alreadyExists(about).message} and is not controlled by this CronJob`);
}
function failed(look: Look, why: string): readonly Submit[] {
  return say(look, 'Warning', 'FailedCreate', `Error creating job: ${why}`);
}
const FORBIDDEN = 'Not starting job because prior execution is running and concurrency policy is Forbid';

function startJob(look: Start): Submit {
  const { view, cronJob: found, at, times } = look;
  const manifest = jobFor(view, found, at, times);
  const made = { ...manifest, metadata: { uid: '', ...manifest.metadata } } as Job;
  return create(jobsRef, manifest, {
    because: `its time was ${toTime(at)}`,
    basedOn: [streamOfObject(cronJobs, found)],
    then: [started(look, made), ...say(look, 'Normal', 'SuccessfulCreate', `Created job ${manifest.metadata.name}`)],
  });
}
/** The status names the job among the active ones, and its time as the last. */
function started({ cronJob: found, at }: Start, { metadata: { name, namespace, uid } }: Job): Submit {
  const reference = { kind: 'Job', ...(namespace !== undefined && { namespace }), name, uid, apiVersion: 'batch/v1' };
  const active = [...(found.status?.active ?? []), reference];
  const status: CronJobStatus = { ...found.status, active, lastScheduleTime: toTime(at) };
  const [write] = reportStatus(cronJobs, found, status, { because: `${name} was made for ${toTime(at)}` });
  return write as Submit;
}

/** One job at a time makes room for the one that is due. */
function replace(look: Start, running: Job): Submit {
  const { cronJob: found } = look;
  const left = (found.status?.active ?? []).filter(({ uid }) => uid !== running.metadata.uid);
  const { active: _active, ...others } = found.status ?? {};
  const status: CronJobStatus = { ...others, ...(left.length > 0 && { active: left }) };
  return deletion(look, running, {
    because: `the next job of ${found.metadata.name} is due and replaces it`,
    first: reportStatus(cronJobs, found, status, { because: `${running.metadata.name} is replaced` }),
  });
}

/** The oldest finished jobs beyond the limits. */
function outdated(look: Look): readonly Submit[] {
  const { successfulJobsHistoryLimit: successes, failedJobsHistoryLimit: failures } = look.cronJob.spec;
  const because = 'more jobs are finished than are kept';
  return [...beyond(look, 'Complete', successes), ...beyond(look, 'Failed', failures)].map((job) =>
    deletion(look, job, { because, first: [] }),
  );
}
function beyond({ jobs }: Look, end: 'Complete' | 'Failed', limit: number | null | undefined): readonly Job[] {
  if (typeof limit !== 'number') return [];
  const finished = jobs.filter(
    (job) => finishedCondition(job.status)?.type === end && job.metadata.deletionTimestamp === undefined,
  );
  const since = ({ status }: Job): Instant => parseInstant(status?.startTime) ?? Infinity;
  return finished
    .sort((a, b) => (since(a) === since(b) ? 0 : since(a) - since(b)))
    .slice(0, Math.max(0, finished.length - limit));
}

interface Deletion {
  readonly because: string;
  readonly first: readonly Submit[];
}
function deletion(look: Look, job: Job, { because, first }: Deletion): Submit {
  return remove(jobsRef, job, {
    because,
    propagationPolicy: 'Background',
    basedOn: [streamOfObject(cronJobs, look.cronJob), streamOfObject(jobsRef, job)],
    then: [...first, ...say(look, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`)],
  });
}
