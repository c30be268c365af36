import type { JobCondition, JobStatus } from './schema.js';

/** Types of a job's conditions. */
export type JobConditionType = 'Complete' | 'Failed' | 'Suspended' | 'FailureTarget' | 'SuccessCriteriaMet';
type Status = Pick<JobStatus, 'conditions'> | undefined;

/** Whether a condition of this type is there with this status. */
export function hasJobCondition(status: Status, type: JobConditionType, value: 'True' | 'False' = 'True'): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === value);
}

/** The condition by which a job is finished: `Complete` or `Failed`; undefined while it is not. */
export function finishedCondition(
  status: Status,
): (JobCondition & { readonly type: 'Complete' | 'Failed' }) | undefined {
  const { conditions = [] } = status ?? {};
  for (const type of ['Complete', 'Failed'] as const) {
    const found = conditions.find((condition) => condition.type === type && condition.status === 'True');
    if (found) return { ...found, type };
  }
  return undefined;
}
/** A finished job makes no more pods. */
export function isJobFinished(status: Status): boolean {
  return finishedCondition(status) !== undefined;
}
