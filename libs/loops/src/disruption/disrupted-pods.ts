import type { PodDisruptionBudget } from '#kinds';
import type { Pod } from '#pod';
import { parseInstant, type Instant } from '#std';
import { dueAfter, type Moment } from '../shared/index.js';

/** An evicted pod that does not terminate after so long counts as healthy again: its eviction went wrong. */
const DELETION_TIMEOUT_MS = 120_000;

export interface DisruptedPods {
  /** Evicted pods that are not seen to terminate yet, and when they were evicted. */
  readonly kept: Readonly<Record<string, string>>;
  /** When the next of them is overdue. */
  readonly dueAt: readonly Instant[];
  /** Pods that should have begun to terminate by now. */
  readonly overdue: readonly Pod[];
}

/** Which evictions that were charged to the budget are still to be seen. */
export function disruptedPods({ status }: PodDisruptionBudget, pods: readonly Pod[], moment: Moment): DisruptedPods {
  const known = status?.disruptedPods ?? {};
  const kept: Record<string, string> = {};
  const dueAt: Instant[] = [];
  const overdue: Pod[] = [];
  if (Object.keys(known).length === 0) return { kept, dueAt, overdue };
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined || !Object.hasOwn(known, name)) continue;
    const time = known[name] as string;
    const due = dueAfter(parseInstant(time) ?? -Infinity, DELETION_TIMEOUT_MS, moment);
    if (due <= moment.now) overdue.push(pod);
    else {
      kept[name] = time;
      dueAt.push(due);
    }
  }
  return { kept, dueAt, overdue };
}
