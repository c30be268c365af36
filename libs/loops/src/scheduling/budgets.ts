import { labelMatcher, type LabelSelector } from '#meta';
import { kindRef, type KubeObject, type View } from '#model';
import type { Pod } from '#pod';

interface Budget extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelector | null };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly disruptedPods?: { readonly [name: string]: string };
  };
}
const budgets = kindRef<Budget>('policy.poddisruptionbudgets');

/** Tells of a group of pods, the most important first, which are guarded: their budgets allow fewer to go. */
export type Guard = (pods: readonly Pod[]) => ReadonlySet<Pod>;

export function guardOf(view: View): Guard {
  const known = view.list(budgets);
  return (pods) => {
    const guarded = new Set<Pod>();
    if (known.length === 0) return guarded;
    const allowed = new Map(known.map((budget) => [budget, budget.status?.disruptionsAllowed ?? 0]));
    for (const pod of pods) {
      for (const budget of known) {
        if (!covers(budget, pod)) continue;
        const left = (allowed.get(budget) ?? 0) - 1;
        allowed.set(budget, left);
        if (left < 0) guarded.add(pod);
      }
    }
    return guarded;
  };
}

function covers({ metadata, spec, status }: Budget, pod: Pod): boolean {
  if (metadata.namespace !== pod.metadata.namespace || !pod.metadata.labels) return false;
  // One whose end the budget knows of is counted already.
  if (status?.disruptedPods?.[pod.metadata.name] !== undefined) return false;
  const matcher = labelMatcher(spec?.selector ?? undefined);
  return matcher.ok && matcher.value.matches(pod.metadata.labels);
}
