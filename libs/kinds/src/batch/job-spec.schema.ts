import { boolean, f, type Infer, int32, int64, named, object, req, string, labelSelector } from '#model';
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
