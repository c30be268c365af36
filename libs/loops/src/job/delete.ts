import { jobs, pods as podsRef } from '#kinds';
import type { Submit } from '#model';
import type { Pod } from '#pod';
import { incident, remove, streamOfObject } from '../shared/index.js';
import { cheapestFirst } from '../replica-set/rank.js';
import { untrack } from './count.js';
import { isTracked } from './pod-marks.js';
import { completionsOf, indexIn, isIndexed, type Look, type Tally } from './situation.js';
import { COMPONENT } from './status.js';

const DELETIONS_MAX = 500;

/** Deletes active pods of a job that ends. They are counted. */
export function stopPods(look: Look, chosen: readonly Pod[], because: string): readonly Submit[] {
  return chosen.slice(0, DELETIONS_MAX).map((pod) => deletePod(look, pod, because));
}
/** Deletes active pods of a job that goes on without them. They lose their finalizer before, so they count as nothing. */
export function dropPods(look: Look, chosen: readonly Pod[], because: string): readonly Submit[] {
  return chosen.slice(0, DELETIONS_MAX).map((pod) => {
    const deletion = deletePod(look, pod, because);
    if (!isTracked(pod)) return deletion;
    return { ...untrack(pod, because, [streamOfObject(jobs, look.job)]), then: [deletion] };
  });
}
function deletePod({ view, job, now }: Look, pod: Pod, because: string): Submit {
  return remove(podsRef, pod, {
    because,
    basedOn: [streamOfObject(jobs, job), streamOfObject(podsRef, pod)],
    then: incident(view, now, {
      ...{ about: job, type: 'Normal', reason: 'SuccessfulDelete' },
      ...{ message: `Deleted pod: ${pod.metadata.name}`, component: COMPONENT },
    }),
  });
}

/** Pods that may go: all that complete nothing, and others until so many are chosen. */
export function superfluous(look: Look, tally: Tally, atLeast: number): readonly Pod[] {
  const { pods, now } = look;
  const useless = uselessPods(look, tally);
  if (useless.length >= atLeast) return useless;
  const known = new Set(useless);
  const others = [...pods.active.values()].filter((pod) => !known.has(pod)).sort(cheapestFirst(NO_CROWDS, now));
  return [...useless, ...others.slice(0, atLeast - useless.length)];
}
const NO_CROWDS: ReadonlyMap<string, number> = new Map();

/** Pods of an indexed job that have an index which is not the job's, which has completed or failed, or which another pod has too. */
function uselessPods({ job, pods, now }: Look, { completed, failedIndexes }: Tally): readonly Pod[] {
  const { active, activeByIndex, highestIndex } = pods;
  if (!isIndexed(job)) return [];
  const isOver = (index: number): boolean => completed.has(index) || failedIndexes?.has(index) === true;
  const isOneEach = activeByIndex.size === active.size && highestIndex < (completionsOf(job) ?? 0);
  if (isOneEach && ![...activeByIndex.keys()].some(isOver)) return [];
  const seen = new Set<number>();
  // The pod that is worth the most keeps the index.
  const dearestFirst = [...active.values()].sort(cheapestFirst(NO_CROWDS, now)).reverse();
  return dearestFirst.filter((pod) => {
    const index = indexIn(job, pod);
    if (index === undefined || seen.has(index) || isOver(index)) return true;
    seen.add(index);
    return false;
  });
}
