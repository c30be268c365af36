import { isJobFinished, jobs, pods as podsRef, type Job } from '#kinds';
import { controllerOf, selectorMatches } from '#meta';
import type { Change, Loop, View } from '#model';
import { objectsByOwner } from '#model';
import type { Pod } from '#pod';
import { keyOf, parseKey, sides } from '../shared/index.js';
import { untrack } from './count.js';
import { isManaged } from './index.js';
import { isOfJob, isTracked } from './pod-marks.js';

/** Takes the tracking finalizer from pods that no job will count: those that no job controls, those whose job has gone or is finished, and strays of a job that goes. */
export const jobTracking: Loop = {
  name: 'job-tracking',
  account: 'job-controller',
  indexes: [objectsByOwner],
  keysOf(change: Change, view: View) {
    if (change.kind === jobs.id) return isOver(change) || beginsToGo(change) ? podsOf(view, change) : [];
    if (change.kind !== podsRef.id) return [];
    return sides(change)
      .slice(-1)
      .filter((pod) => isTracked(pod as Pod) && !isAwaited(view, pod as Pod))
      .map(keyOf);
  },
  keysAtStart: (view) => view.list(podsRef).filter(isTracked).map(keyOf),
  reconcile(view, key) {
    const { namespace, name } = parseKey(key);
    const pod = view.get(podsRef, namespace, name);
    return pod && isTracked(pod) && !isAwaited(view, pod) ? [untrack(pod, 'no job will count it')] : [];
  },
};

function isOver({ after }: Change): boolean {
  return after === undefined || isJobFinished((after as Job).status);
}
function beginsToGo({ before, after }: Change): boolean {
  return after?.metadata.deletionTimestamp !== undefined && before?.metadata.deletionTimestamp === undefined;
}
function podsOf(view: View, { before, after = before }: Change): readonly string[] {
  const owned = view.by(objectsByOwner, after?.metadata.uid ?? '');
  return owned
    .filter((object) => object.kind === 'Pod' && isTracked(object as Pod) && !isAwaited(view, object as Pod))
    .map(keyOf);
}

/** Another controller may hold its pods by the same finalizer. */
function isAwaited(view: View, pod: Pod): boolean {
  const controller = controllerOf(pod);
  if (!controller) return false;
  if (!isOfJob(pod)) return true;
  const owner = view.get(jobs, pod.metadata.namespace, controller.name);
  if (owner?.metadata.uid !== controller.uid) return false;
  if (!isManaged(owner)) return true;
  return !isJobFinished(owner.status) && !isStrayOfGoing(owner, pod);
}
/** A job that is being deleted releases no pod any more, and counts only those that its selector matches. */
function isStrayOfGoing({ metadata, spec }: Job, pod: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && !selectorMatches(spec.selector, pod.metadata.labels);
}
