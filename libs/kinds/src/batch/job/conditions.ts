import type { JobStatus } from './schema.js';

/** Types of a job's conditions. */
export type JobConditionType = 'Complete' | 'Failed' | 'Suspended' | 'FailureTarget' | 'SuccessCriteriaMet';
type Status = Pick<JobStatus, 'conditions'> | undefined;

/** Whether a condition of this type is there with this status. */
export function hasJobCondition(status: Status, type: JobConditionType, value: 'True' | 'False' = 'True'): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === value);
}

/** A finished job makes no more pods. */
export function isJobFinished(status: Status): boolean {
  return hasJobCondition(status, 'Complete') || hasJobCondition(status, 'Failed');
}
