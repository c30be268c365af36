import {
  budgetsBySelector,
  podDisruptionBudgets,
  withAllowance,
  withFailure,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
} from '#kinds';
import { scaledValue, selectorMatches } from '#meta';
import { objectsByOwner, type Decision, type KindRegistry, type Loop, type Submit, type View } from '#model';
import { isReady, type Pod } from '#pod';
import {
  incident,
  keyOf,
  parseKey,
  podsByLabel,
  podsWith,
  reportStatus,
  wakeAtFirst,
  type Incident,
  type Moment,
} from '../shared/index.js';
import { disruptedPods } from './disrupted-pods.js';
import { expectedPods } from './expected-pods.js';
import { budgetKeys } from './keys.js';

export { staleDisruption } from './stale-condition.js';

/** When to count again what could not be counted: a kind that is defined meanwhile changes no pod. */
const RETRY_MS = 60_000;

/** Counts the pods of each disruption budget, and says how many of them may be evicted. */
export function disruption(kinds: KindRegistry): Loop {
  return {
    name: 'disruption',
    account: 'disruption-controller',
    indexes: [budgetsBySelector, podsByLabel, objectsByOwner],
    keysOf: (change, view) => budgetKeys(kinds, change, view),
    keysAtStart: (view) => view.list(podDisruptionBudgets).map(keyOf),
    reconcile(view, key, now, outside) {
      const { namespace, name } = parseKey(key);
      const budget = view.get(podDisruptionBudgets, namespace, name);
      return budget ? count({ kinds, view, budget, now, outside }) : [];
    },
  };
}

interface Look extends Moment {
  readonly kinds: KindRegistry;
  readonly view: View;
  readonly budget: PodDisruptionBudget;
}

function count(look: Look): readonly Decision[] {
  const { budget, view, now } = look;
  const pods = podsOf(view, budget);
  const wanted = wantedOf(look, pods);
  const events =
    pods.length === 0 ? said(look, { type: 'Normal', reason: 'NoPods', message: 'No matching pods found' }) : [];
  if (typeof wanted === 'string') return [...events, ...failed(look, wanted), { is: 'wake', at: now + RETRY_MS }];
  if (wanted.hasUnmanaged) events.push(...said(look, UNMANAGED));
  const disrupted = disruptedPods(budget, pods, look);
  const currentHealthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined && !Object.hasOwn(disrupted.kept, pod.metadata.name) && isReady(pod),
  ).length;
  const { expected, desiredHealthy } = wanted;
  // A budget that has no pods yet allows none to go, so that the first ones are safe until they are counted.
  const disruptionsAllowed = expected > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  const observedGeneration = budget.metadata.generation ?? 0;
  const counted = { conditions: budget.status?.conditions, observedGeneration };
  const status = {
    observedGeneration,
    ...(Object.keys(disrupted.kept).length > 0 && { disruptedPods: disrupted.kept }),
    ...{ disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods: expected },
    conditions: withAllowance(counted, disruptionsAllowed, now),
  };
  return [
    ...events,
    ...disrupted.overdue.flatMap((pod) => notDeleted(look, pod)),
    ...reportStatus(podDisruptionBudgets, budget, status, { because: 'its pods were counted' }),
    ...wakeAtFirst(disrupted.dueAt, now),
  ];
}

/** Pods that the budget is about. */
function podsOf(view: View, { metadata, spec: { selector } }: PodDisruptionBudget): readonly Pod[] {
  if (!selector) return [];
  return podsWith(view, metadata.namespace, selector.matchLabels ?? {}).filter((pod) =>
    selectorMatches(selector, pod.metadata.labels),
  );
}

interface Wanted {
  readonly expected: number;
  readonly desiredHealthy: number;
  readonly hasUnmanaged: boolean;
}
/** Only shares, and what may be unavailable, need to know how many pods there should be: the controllers say. Both round up. */
function wantedOf({ kinds, view, budget }: Look, pods: readonly Pod[]): Wanted | string {
  const { minAvailable, maxUnavailable } = budget.spec;
  if (maxUnavailable === undefined && typeof minAvailable !== 'string') {
    const expected = minAvailable === undefined ? 0 : pods.length;
    return { expected, desiredHealthy: minAvailable ?? 0, hasUnmanaged: false };
  }
  const found = expectedPods(kinds, view, pods);
  if (typeof found === 'string') return found;
  const share = scaledValue(maxUnavailable ?? minAvailable ?? 0, found.count, 'up') ?? 0;
  const desiredHealthy = maxUnavailable === undefined ? share : Math.max(0, found.count - share);
  return { expected: found.count, desiredHealthy, hasUnmanaged: found.hasUnmanaged };
}

/** Nothing may be evicted while nobody knows how many pods there should be. */
function failed(look: Look, why: string): readonly Submit[] {
  const { budget, now } = look;
  const known: PodDisruptionBudgetStatus = budget.status ?? NO_COUNTS;
  const status = { ...known, disruptionsAllowed: 0, conditions: withFailure(known, why, now) };
  const message = `Failed to calculate the number of expected pods: ${why}`;
  return [
    ...said(look, { type: 'Warning', reason: 'CalculateExpectedPodCountFailed', message }),
    ...reportStatus(podDisruptionBudgets, budget, status, { because: why }),
  ];
}
const NO_COUNTS = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

type Said = Pick<Incident, 'type' | 'reason' | 'message'>;
const UNMANAGED: Said = {
  type: 'Warning',
  reason: 'UnmanagedPods',
  message:
    'Some pods that this PodDisruptionBudget selects have no controller, so the number of expected pods does not include them. Set ".spec.minAvailable" to an integer to count them.',
};
function said({ view, budget, now }: Look, facts: Said): Submit[] {
  return [...incident(view, now, { about: budget, component: 'controllermanager', ...facts })];
}
function notDeleted({ view, budget, now }: Look, pod: Pod): readonly Submit[] {
  const { namespace, name } = budget.metadata;
  const message = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
  return incident(view, now, {
    about: pod,
    component: 'controllermanager',
    type: 'Warning',
    reason: 'NotDeleted',
    message,
  });
}
