import { controllerOf } from '#meta';
import type { KubeObject } from '#model';
import type { Pod } from '#pod';

/** A pod that holds it has not been counted yet by the job that made it. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
/** Annotation and label. */
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
/** How often the index has failed before this pod, as far as failures count towards the limit. */
export const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';
/** How often it has failed in ways that the failure policy ignores. */
export const INDEX_IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count';

const DIGITS = /^\d{1,10}$/;

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING_FINALIZER) === true;
}
export function isOfJob(object: KubeObject): boolean {
  const controller = controllerOf(object);
  return controller?.kind === 'Job' && controller.apiVersion === 'batch/v1';
}

/** Which completion the pod is for; undefined where its annotation names none. */
export function completionIndex(pod: Pod): number | undefined {
  return numberIn(pod, COMPLETION_INDEX);
}
export function indexFailures(pod: Pod): number {
  return numberIn(pod, INDEX_FAILURES) ?? 0;
}
export function indexIgnoredFailures(pod: Pod): number {
  return numberIn(pod, INDEX_IGNORED_FAILURES) ?? 0;
}
function numberIn({ metadata: { annotations } }: Pod, name: string): number | undefined {
  const text = annotations?.[name];
  return text !== undefined && DIGITS.test(text) ? Number(text) : undefined;
}
