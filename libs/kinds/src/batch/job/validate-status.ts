import { duplicate, invalid, required } from '#meta';
import type { Problem } from '#model';
import { jsonEquals, parseInstant } from '#std';
import { goForm } from '../../pod-template/go-form.js';
import { items, nonNegative, type Problems } from '../../validation/checks.js';
import { hasJobCondition, isJobFinished, type JobConditionType } from './conditions.js';
import { overlap, parseIndexes } from '../indexes.js';
import type { Job, JobStatus, UncountedTerminatedPods } from './schema.js';

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const;

/** What a job's status may say. What an older server let pass is held to most of it only once it changes. */
export function validateJobStatus(job: Job, old: Job): Problems {
  const change = changeOf(job, old);
  return [
    ...COUNTS.flatMap((name) => nonNegative(`status.${name}`, change.status[name])),
    ...uncountedProblems(change.status.uncountedTerminatedPods),
    ...endProblems(change),
    ...finishedProblems(change),
    ...indexProblems(change),
    ...podProblems(change),
    ...successProblems(change),
    ...takenBackProblems(change),
  ];
}

interface StatusChange {
  readonly job: Job;
  readonly old: Job;
  readonly status: JobStatus;
  readonly before: JobStatus;
  /** Whether a condition of the new status is True. */
  is(type: JobConditionType): boolean;
  /** Whether a condition is True in only one of both. */
  turned(type: JobConditionType): boolean;
  /** Whether the job is finished in only one of both. */
  readonly hasEnded: boolean;
  differs(name: keyof JobStatus): boolean;
}
function changeOf(job: Job, old: Job): StatusChange {
  const [status, before] = [job.status ?? {}, old.status ?? {}];
  const is = (type: JobConditionType): boolean => hasJobCondition(status, type);
  return {
    ...{ job, old, status, before, is },
    turned: (type) => is(type) !== hasJobCondition(before, type),
    hasEnded: isJobFinished(status) !== isJobFinished(before),
    differs: (name) => !jsonEquals(status[name] ?? null, before[name] ?? null),
  };
}

function uncountedProblems(pods: UncountedTerminatedPods | undefined): Problems {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((name) =>
    items(pods?.[name]).flatMap((uid, i) => {
      const field = `status.uncountedTerminatedPods.${name}[${i}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** Of a job that completes or fails: which conditions go with each other, and with the time of the end. */
function endProblems({ status, is, turned, differs }: StatusChange): Problems {
  const { startTime, completionTime } = status;
  const found: Problem[] = [];
  const completes = turned('Complete');
  if (is('Complete') && is('Failed') && (completes || turned('Failed'))) {
    found.push(conditions('cannot set Complete=True and Failed=true conditions'));
  }
  if (is('Complete') && is('FailureTarget') && (completes || turned('FailureTarget'))) {
    found.push(conditions('cannot set Complete=True and FailureTarget=true conditions'));
  }
  const field = 'status.completionTime';
  if (completes || differs('completionTime')) {
    if (completionTime !== undefined && !is('Complete')) {
      const detail = 'cannot set completionTime when there is no Complete=True condition';
      found.push(invalid(field, completionTime, detail));
    }
    if (completionTime === undefined && is('Complete')) {
      found.push(required(field, 'completionTime is required for Complete jobs'));
    }
  }
  const [from, to] = [parseInstant(startTime), parseInstant(completionTime)];
  if ((differs('startTime') || differs('completionTime')) && from !== undefined && to !== undefined && to < from) {
    found.push(invalid(field, completionTime, 'must be equal to or after `startTime`'));
  }
  if (is('Failed') && !is('FailureTarget') && (turned('Failed') || differs('failedIndexes'))) {
    found.push(conditions('cannot set Failed=True condition without the FailureTarget=true condition'));
  }
  if (is('Complete') && !is('SuccessCriteriaMet') && (completes || turned('SuccessCriteriaMet'))) {
    found.push(conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'));
  }
  return found;
}

/** What a finished job has left behind it. */
function finishedProblems({ job, status, hasEnded, differs }: StatusChange): Problems {
  if (!isJobFinished(status)) return [];
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = status;
  const found: Problem[] = [];
  if (active > 0 && (hasEnded || differs('active'))) {
    found.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  }
  const isNeverStarted = job.spec.suspend === true && job.spec.completions === 0;
  if (startTime === undefined && (hasEnded || differs('startTime')) && !isNeverStarted) {
    found.push(required('status.startTime', 'startTime is required for finished job'));
  }
  const isCounted = items(uncounted?.succeeded).length + items(uncounted?.failed).length === 0;
  if (!isCounted && (hasEnded || differs('uncountedTerminatedPods'))) {
    const shown = goForm('UncountedTerminatedPods', uncounted ?? {});
    found.push(invalid('status.uncountedTerminatedPods', shown, 'must be empty for finished job'));
  }
  return found;
}

function indexProblems({ job, status, differs }: StatusChange): Problems {
  const { completedIndexes: completed = '', failedIndexes: failed } = status;
  const { completions, completionMode, backoffLimitPerIndex } = job.spec;
  const found: Problem[] = [];
  const malformed = (name: 'completedIndexes' | 'failedIndexes', text: string): void => {
    if (completions === undefined || !differs(name)) return;
    const read = parseIndexes(text, completions);
    if (!read.ok) found.push(invalid(`status.${name}`, text, `error parsing ${name}: ${read.message}`));
  };
  malformed('completedIndexes', completed);
  if (failed !== undefined && backoffLimitPerIndex !== undefined) malformed('failedIndexes', failed);
  if (completed !== '' && completionMode !== 'Indexed' && differs('completedIndexes')) {
    const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    found.push(invalid('status.completedIndexes', completed, detail));
  }
  if (failed !== undefined && backoffLimitPerIndex === undefined && differs('failedIndexes')) {
    const detail = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    found.push(invalid('status.failedIndexes', failed, detail));
  }
  if (failed !== undefined && completions !== undefined && (differs('failedIndexes') || differs('completedIndexes'))) {
    const index = overlap(completed, failed, completions);
    const detail = `failedIndexes and completedIndexes overlap at index: ${index}`;
    if (index !== undefined) found.push(invalid('status.failedIndexes', failed, detail));
  }
  return found;
}

function podProblems({ status, hasEnded, differs }: StatusChange): Problems {
  const { terminating = 0, ready, active = 0 } = status;
  const found: Problem[] = [];
  if (terminating > 0 && isJobFinished(status) && (hasEnded || differs('terminating'))) {
    found.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready !== undefined && ready > active && (differs('ready') || differs('active'))) {
    found.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  }
  return found;
}

function successProblems({ job, is }: StatusChange): Problems {
  const found: Problem[] = [];
  if (is('SuccessCriteriaMet') && is('Failed')) {
    found.push(conditions('cannot set SuccessCriteriaMet=True and Failed=true conditions'));
  }
  if (is('SuccessCriteriaMet') && is('FailureTarget')) {
    found.push(conditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'));
  }
  if (job.spec.successPolicy && is('Complete') && !is('SuccessCriteriaMet')) {
    const detail = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
    found.push(conditions(detail));
  }
  return found;
}

const LASTING = ['Failed', 'Complete', 'FailureTarget'] as const;
/** What was said of the end stays said, and counters do not fall. */
function takenBackProblems(change: StatusChange): Problems {
  const { job, status, before, is } = change;
  const found: Problem[] = LASTING.filter((type) => hasJobCondition(before, type) && !is(type)).map((type) =>
    conditions(`cannot disable the terminal ${type}=True condition`),
  );
  const fell = (name: 'failed' | 'succeeded'): void => {
    const value = status[name] ?? 0;
    if (value < (before[name] ?? 0)) {
      found.push(invalid(`status.${name}`, value, `cannot decrease the ${name} counter`));
    }
  };
  fell('failed');
  // Of an elastic job, indexes beyond the new number of completions are no longer counted.
  if (job.spec.completionMode !== 'Indexed' || job.spec.completions !== job.spec.parallelism) fell('succeeded');
  if (status.completionTime !== undefined && before.completionTime !== undefined && change.differs('completionTime')) {
    found.push(invalid('status.completionTime', status.completionTime, 'field is immutable'));
  }
  const resumes = hasJobCondition(before, 'Suspended') && hasJobCondition(status, 'Suspended', 'False');
  const isRestarted = before.startTime !== undefined && change.differs('startTime');
  if (isRestarted && !resumes && job.spec.suspend !== true) {
    found.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'));
  }
  const wasMet = hasJobCondition(before, 'SuccessCriteriaMet');
  if (wasMet && !is('SuccessCriteriaMet')) {
    found.push(conditions('cannot disable the SuccessCriteriaMet=True condition'));
  }
  if (hasJobCondition(before, 'Complete') && !wasMet && is('SuccessCriteriaMet')) {
    const detail = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    found.push(conditions(detail));
  }
  return found;
}

function conditions(detail: string): Problem {
  return { ...invalid('status.conditions', undefined, detail), omitsValue: true };
}
