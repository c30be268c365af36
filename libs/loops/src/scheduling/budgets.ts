import { budgetsOf, type PodDisruptionBudget } from '#kinds';
import type { View } from '#model';
import type { Pod } from '#pod';

/** Tells of a group of pods, the most important first, which are guarded: their budgets allow fewer to go. */
export type Guard = (pods: readonly Pod[]) => ReadonlySet<Pod>;

export function guardOf(view: View): Guard {
  return (pods) => {
    const guarded = new Set<Pod>();
    const allowed = new Map<string, number>();
    for (const pod of pods) {
      for (const budget of budgetsOf(view, pod)) {
        if (!covers(budget, pod)) continue;
        const { uid } = budget.metadata;
        const left = (allowed.get(uid) ?? budget.status?.disruptionsAllowed ?? 0) - 1;
        allowed.set(uid, left);
        if (left < 0) guarded.add(pod);
      }
    }
    return guarded;
  };
}

/** To the scheduler a budget with an empty selector is about no pod, though evictions heed it: so in Kubernetes. */
function covers({ spec: { selector }, status }: PodDisruptionBudget, pod: Pod): boolean {
  const { matchLabels = {}, matchExpressions } = selector ?? {};
  if (Object.keys(matchLabels).length === 0 && (matchExpressions ?? []).length === 0) return false;
  // One whose end the budget knows of is counted already.
  return !Object.hasOwn(status?.disruptedPods ?? {}, pod.metadata.name);
}
