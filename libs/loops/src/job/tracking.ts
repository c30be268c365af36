import { isJobFinished, jobs, pods as podsRef, type Job } from '#kinds';
import { controllerOf } from '#meta';
import type { Change, Loop, View } from '#model';
import { objectsByOwner } from '#model';
import type { Pod } from '#pod';
import { keyOf, parseKey, sides } from '../shared/index.js';
import { untrack } from './count.js';
import { isManaged } from './index.js';
import { isOfJob, isTracked } from './pod-marks.js';

/** Takes the tracking finalizer from pods that no job will count: those that no job controls, and those whose job has gone or is finished. */
export const jobTracking: Loop = {
  name: 'job-tracking',
  account: 'job-controller',
  indexes: [objectsByOwner],
  keysOf(change: Change, view: View) {
    if (change.kind === jobs.id) return isOver(change) ? podsOf(view, change) : [];
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
function podsOf(view: View, { before, after = before }: Change): readonly string[] {
  const owned = view.by(objectsByOwner, after?.metadata.uid ?? '');
  return owned.filter((object) => object.kind === 'Pod' && isTracked(object as Pod)).map(keyOf);
}

/** Another controller may hold its pods by the same finalizer. */
function isAwaited(view: View, pod: Pod): boolean {
  const controller = controllerOf(pod);
  if (!controller) return false;
  if (!isOfJob(pod)) return true;
  const owner = view.get(jobs, pod.metadata.namespace, controller.name);
  if (owner?.metadata.uid !== controller.uid) return false;
  return !isManaged(owner) || !isJobFinished(owner.status);
}
