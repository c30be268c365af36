import { f, type Infer, int32, list, named, object, req, string, time, objectMeta } from '#model';
import type { Stored } from '#model';
import { jobSpec } from '../job-spec.schema.js';

export const jobCondition = object('io.k8s.api.batch.v1.JobCondition', "One aspect of a job's state.", {
  type: req(named('v1.JobConditionType'), 1, 'Complete, Failed, Suspended, FailureTarget or SuccessCriteriaMet.'),
  status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
  lastProbeTime: f(time, 3, 'When the condition was last checked.', { always: null }),
  lastTransitionTime: f(time, 4, 'When the status last changed.', { always: null }),
  reason: f(string, 5, 'Why the status is what it is, in one CamelCase word.'),
  message: f(string, 6, 'What it means, for people.'),
});
export type JobCondition = Infer<typeof jobCondition>;

export const uncountedTerminatedPods = object(
  'io.k8s.api.batch.v1.UncountedTerminatedPods',
  'Pods that have ended, still hold the tracking finalizer and are not counted yet.',
  {
    succeeded: f(list(named('types.UID')), 1, 'UIDs of those that succeeded.', { listType: 'set' }),
    failed: f(list(named('types.UID')), 2, 'UIDs of those that failed.', { listType: 'set' }),
  },
);
export type UncountedTerminatedPods = Infer<typeof uncountedTerminatedPods>;

export const jobStatus = object('io.k8s.api.batch.v1.JobStatus', 'How far a job is.', {
  conditions: f(list(jobCondition), 1, 'Aspects of its state.', {
    listType: 'atomic',
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  startTime: f(time, 2, 'When it was first reconciled, or last resumed.'),
  completionTime: f(time, 3, 'When it completed; absent of a job that failed.'),
  active: f(int32, 4, 'Pods that are pending or running and do not terminate.'),
  succeeded: f(int32, 5, 'Pods that succeeded.'),
  failed: f(int32, 6, 'Pods that failed.'),
  terminating: f(int32, 11, 'Pods that terminate.', { pointer: true }),
  completedIndexes: f(string, 7, 'Indexes that succeeded, as numbers and ranges: 1,3-5.'),
  failedIndexes: f(string, 10, 'Indexes that failed, as numbers and ranges: 1,3-5.', { pointer: true }),
  uncountedTerminatedPods: f(uncountedTerminatedPods, 8, 'Ended pods that are not counted yet.'),
  ready: f(int32, 9, 'Active pods that are ready.', { pointer: true }),
});
export type JobStatus = Infer<typeof jobStatus>;

export const job = object(
  'io.k8s.api.batch.v1.Job',
  'Runs pods until a number of them succeeds.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(jobSpec, 2, 'What is to run, how often, and when it is over.', { always: {} }),
    status: f(jobStatus, 3, 'How far it is.', { always: {} }),
  },
  { gvk: ['batch/v1 Job'] },
);
export type Job = Stored<typeof job, 'spec'>;
