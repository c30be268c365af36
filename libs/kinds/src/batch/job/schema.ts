import {
  boolean,
  f,
  type Infer,
  int32,
  int64,
  list,
  named,
  object,
  req,
  string,
  time,
  labelSelector,
  objectMeta,
} from '#model';
import type { Stored } from '#model';
import { podTemplateSpec } from '#pod';
import { podFailurePolicy, successPolicy } from './policies.schema.js';

export const jobSpec = object('io.k8s.api.batch.v1.JobSpec', 'What is to run, how often, and when it is over.', {
  parallelism: f(int32, 1, 'Maximum of pods that run at a time.', { pointer: true }),
  completions: f(int32, 2, 'How many pods must succeed; absent, one success ends the job.', { pointer: true }),
  activeDeadlineSeconds: f(int64, 3, 'Seconds after startTime at which the job fails.', { pointer: true }),
  podFailurePolicy: f(podFailurePolicy, 11, 'Rules about failed pods.'),
  successPolicy: f(successPolicy, 16, 'Rules by which an indexed job succeeds early.'),
  backoffLimit: f(int32, 7, 'Retries after which the job fails; 6 by default.', { pointer: true }),
  backoffLimitPerIndex: f(int32, 12, 'Retries after which one index fails; for completionMode Indexed.', {
    pointer: true,
  }),
  maxFailedIndexes: f(int32, 13, 'Failed indexes beyond which the job fails.', { pointer: true }),
  selector: f(labelSelector, 4, 'Labels of the pods of this job; generated unless manualSelector is true.'),
  manualSelector: f(boolean, 5, 'Whether the client chooses the selector and the labels of the template.', {
    pointer: true,
  }),
  template: req(podTemplateSpec, 6, 'What pods are made like.', { always: {} }),
  ttlSecondsAfterFinished: f(int32, 8, 'Seconds after its end at which the job is deleted.', { pointer: true }),
  completionMode: f(named('v1.CompletionMode'), 9, 'NonIndexed, or Indexed to give each completion an index.', {
    pointer: true,
  }),
  suspend: f(boolean, 10, 'Whether the job runs no pods for now.', { pointer: true }),
  podReplacementPolicy: f(
    named('v1.PodReplacementPolicy'),
    14,
    'When a pod is replaced: Failed, or TerminatingOrFailed as soon as it terminates.',
    { pointer: true },
  ),
  managedBy: f(string, 15, 'Name of the controller that reconciles this job.', { pointer: true }),
});
export type JobSpec = Infer<typeof jobSpec>;

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
