import { deployments, podDisruptionBudgets, pods, replicaSets, type PodDisruptionBudget } from '#kinds';
import { parseStream, type StoredEvent, type View } from '#model';
import type { Pod } from '#pod';
import { jsonEquals, type Json } from '#std';
import type { EventChecker } from './checker.js';

const LOOP = 'disruption';
/** An evicted pod that has not begun to go after so long is counted again. */
const FORGOTTEN_MS = 120_000;

/**
 * Each eviction of a healthy pod is charged to its budget before the pod goes, no more are charged than the last count allowed, no
 * charge is forgotten while its pod has not begun to go, and what a count allows is what the pods of that moment leave.
 * `momentOf`: when the wall clock showed a time, in milliseconds of a clock that nobody sets.
 */
export function budgetsAreKept(momentOf: (time: string) => number): EventChecker {
  /** Of the last event of something that a count looks at. */
  let changedAt = 0;
  return {
    name: 'evictions leave what budgets ask for',
    check(event, before, after) {
      const { kind, namespace = '', name } = parseStream(event.stream);
      if (kind === podDisruptionBudgets.id) {
        const [old, budget] = [before, after].map((view) => view.get(podDisruptionBudgets, namespace, name));
        if (
          !budget ||
          old?.metadata.uid !== budget.metadata.uid ||
          jsonEquals(old.status as Json, budget.status as Json)
        )
          return undefined;
        if (event.metadata.via !== LOOP) return wrongCharge(old, budget);
        const isFresh = (event.metadata.basis?.view ?? 0) >= changedAt;
        return forgotten(old, budget, { after, event, momentOf }) ?? (isFresh ? wrongCount(budget, after) : undefined);
      }
      if (LOOKED_AT.includes(kind)) changedAt = event.position;
      return kind === pods.id && isEvicted(after, namespace, name) && !isEvicted(before, namespace, name)
        ? uncharged(event, before, { namespace, name })
        : undefined;
    },
  };
}
const LOOKED_AT: readonly string[] = [pods.id, replicaSets.id, deployments.id];

function wrongCharge(old: PodDisruptionBudget, { metadata, status }: PodDisruptionBudget): string | undefined {
  const { name } = metadata;
  const was = old.status?.disruptionsAllowed ?? 0;
  const is = status?.disruptionsAllowed ?? 0;
  const charged = Object.keys(status?.disruptedPods ?? {}).length - Object.keys(old.status?.disruptedPods ?? {}).length;
  if (was < 1) return `${name} allows ${was} evictions, and one is charged`;
  if ((old.status?.observedGeneration ?? 0) < (old.metadata.generation ?? 0))
    return `${name} is charged by a count of what it was before`;
  // A pod that is evicted again, since its first deletion was refused, has its place.
  return is === was - 1 && charged <= 1 ? undefined : `${name} allowed ${was} evictions, and ${is} after one`;
}

interface Moment {
  readonly after: View;
  readonly event: StoredEvent;
  readonly momentOf: (time: string) => number;
}
function forgotten(old: PodDisruptionBudget, budget: PodDisruptionBudget, moment: Moment): string | undefined {
  const { after, event, momentOf } = moment;
  const kept = budget.status?.disruptedPods ?? {};
  for (const [name, time] of Object.entries(old.status?.disruptedPods ?? {})) {
    const pod = after.get(pods, budget.metadata.namespace, name);
    if (Object.hasOwn(kept, name) || !pod || pod.metadata.deletionTimestamp !== undefined || !isOf(budget, pod))
      continue;
    const sinceMs = momentOf(event.time) - momentOf(time);
    // Times of charges are whole seconds.
    if (sinceMs < FORGOTTEN_MS - 1000)
      return `${budget.metadata.name} forgets the eviction of ${name} after ${sinceMs} ms`;
  }
  return undefined;
}

function wrongCount(budget: PodDisruptionBudget, view: View): string | undefined {
  const counted = countOf(budget, view);
  if (!counted) return undefined;
  const { name } = budget.metadata;
  const { currentHealthy, desiredHealthy, disruptionsAllowed } = budget.status ?? NOTHING;
  const said = `${currentHealthy} of ${desiredHealthy}, ${disruptionsAllowed} may go`;
  const right = `${counted.healthy} of ${counted.desired}, ${counted.allowed} may go`;
  return said === right ? undefined : `${name} counts ${said}; there are ${right}`;
}
const NOTHING = { currentHealthy: -1, desiredHealthy: -1, disruptionsAllowed: -1 };

/** The count as the documentation describes it; undefined where a pod of the budget is no deployment's. */
function countOf(
  budget: PodDisruptionBudget,
  view: View,
): { healthy: number; desired: number; allowed: number } | undefined {
  const own = view.list(pods, budget.metadata.namespace).filter((pod) => isOf(budget, pod));
  const leaving = budget.status?.disruptedPods ?? {};
  const healthy = own.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      !Object.hasOwn(leaving, metadata.name) &&
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
  ).length;
  const { minAvailable, maxUnavailable } = budget.spec;
  if (typeof minAvailable === 'number') return counts(healthy, minAvailable, own.length);
  const sizes = new Map<string, number>();
  for (const { metadata } of own) {
    const set = view.get(replicaSets, metadata.namespace, metadata.ownerReferences?.[0]?.name ?? '');
    const deployment = view.get(deployments, metadata.namespace, set?.metadata.ownerReferences?.[0]?.name ?? '');
    if (!deployment || set?.metadata.ownerReferences?.[0]?.uid !== deployment.metadata.uid) return undefined;
    if (metadata.ownerReferences?.[0]?.uid !== set.metadata.uid) return undefined;
    sizes.set(deployment.metadata.uid, deployment.spec.replicas ?? 1);
  }
  const expected = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const share = (amount: number | string): number =>
    typeof amount === 'number' ? amount : Math.ceil((expected * parseInt(amount, 10)) / 100);
  if (minAvailable !== undefined) return counts(healthy, share(minAvailable), expected);
  if (maxUnavailable === undefined) return undefined;
  return counts(healthy, Math.max(0, expected - share(maxUnavailable)), expected);
}
function counts(
  healthy: number,
  desired: number,
  expected: number,
): { healthy: number; desired: number; allowed: number } {
  return { healthy, desired, allowed: expected > 0 ? Math.max(0, healthy - desired) : 0 };
}

/** Whether a client evicted it, and did not delete it plainly. */
function isEvicted(view: View, namespace: string, name: string): boolean {
  const conditions = view.get(pods, namespace, name)?.status?.conditions;
  return conditions?.some(({ reason }) => reason === 'EvictionByEvictionAPI') === true;
}

function uncharged(
  { data }: StoredEvent,
  before: View,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string | undefined {
  const pod = before.get(pods, namespace, name);
  if (pod?.status?.phase !== 'Running' || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const isReady = pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const budgets = before.list(podDisruptionBudgets, namespace).filter((budget) => isOf(budget, pod));
  const paidBy = data['budget'];
  if (paidBy === undefined)
    return isReady && budgets.length > 0
      ? `${name} is ready, and goes without asking ${budgets[0]?.metadata.name}`
      : undefined;
  const payer = budgets.find(({ metadata }) => metadata.name === paidBy);
  if (!payer || Object.hasOwn(payer.status?.disruptedPods ?? {}, name)) return undefined;
  // It was made anew between the charge and the deletion, or never charged.
  return payer.status === undefined ? undefined : `${name} goes, and ${payer.metadata.name} was not charged`;
}

function isOf({ metadata, spec }: PodDisruptionBudget, pod: Pod): boolean {
  const wanted = Object.entries(spec.selector?.matchLabels ?? {});
  return (
    spec.selector !== undefined &&
    metadata.namespace === pod.metadata.namespace &&
    wanted.every(([key, value]) => pod.metadata.labels?.[key] === value)
  );
}

/** Once all is healed, every budget has counted its pods, and no eviction is still to be seen. */
export function uncountedBudgets(view: View): readonly string[] {
  const out: string[] = [];
  for (const budget of view.list(podDisruptionBudgets)) {
    const { metadata, status } = budget;
    if (status?.observedGeneration !== metadata.generation) out.push(`budget ${metadata.name} was not counted`);
    if (Object.keys(status?.disruptedPods ?? {}).length > 0)
      out.push(`budget ${metadata.name} waits for ${Object.keys(status?.disruptedPods ?? {}).join()}`);
    const wrong = wrongCount(budget, view);
    if (wrong !== undefined) out.push(wrong);
  }
  return out;
}
