import { selectorMatches } from '#meta';
import { kindRef, labelValue, type KubeObject, type ObjectIndex, type View } from '#model';
import type { PodDisruptionBudget } from './poddisruptionbudget/schema.js';

export const podDisruptionBudgets = kindRef<PodDisruptionBudget>('policy.poddisruptionbudgets');

/** No label has an empty key. */
const EVERY_LABEL = '';

/** Budgets by one of the labels that their selector requires; by {@link EVERY_LABEL} where it requires none. */
export const budgetsBySelector: ObjectIndex<PodDisruptionBudget> = {
  name: 'disruption budgets by selector',
  kind: podDisruptionBudgets,
  values({ metadata: { namespace }, spec: { selector } }) {
    if (!selector) return [];
    const [[key, value] = [EVERY_LABEL, '']] = Object.entries(selector.matchLabels ?? {});
    return [labelValue(namespace, key, value)];
  },
  part: ({ spec }) => spec.selector,
};

/** Budgets whose selector matches a pod, in the order of their names. A pod without labels has none. */
export function budgetsOf(view: View, { metadata: { namespace, labels } }: KubeObject): readonly PodDisruptionBudget[] {
  const own = Object.entries(labels ?? {});
  if (own.length === 0) return [];
  return [[EVERY_LABEL, ''] as const, ...own]
    .flatMap(([key, value]) => view.by(budgetsBySelector, labelValue(namespace, key, value)))
    .filter(({ spec }) => selectorMatches(spec.selector, labels))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
