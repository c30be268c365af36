import { setCondition } from '#meta';
import { toTime, type Instant } from '#std';
import type { PodDisruptionBudgetStatus } from './schema.js';

type Condition = NonNullable<PodDisruptionBudgetStatus['conditions']>[number];
const DISRUPTION_ALLOWED = 'DisruptionAllowed';
const SYNC_FAILED = 'SyncFailed';

/** The conditions of a budget that allows so many disruptions. `observedGeneration` is the one that its status names. */
export function withAllowance(
  { conditions, observedGeneration = 0 }: Pick<PodDisruptionBudgetStatus, 'conditions' | 'observedGeneration'>,
  disruptionsAllowed: number,
  now: Instant,
): readonly Condition[] {
  const isAllowed = disruptionsAllowed > 0;
  const said = { status: isAllowed ? 'True' : 'False', reason: isAllowed ? 'SufficientPods' : 'InsufficientPods' };
  return set(conditions, { ...said, message: '', observedGeneration }, now);
}

/** The conditions of a budget whose pods cannot be counted. */
export function withFailure(
  { conditions, observedGeneration = 0 }: Pick<PodDisruptionBudgetStatus, 'conditions' | 'observedGeneration'>,
  message: string,
  now: Instant,
): readonly Condition[] {
  return set(conditions, { status: 'False', reason: SYNC_FAILED, message, observedGeneration }, now);
}

/** Why the pods of a budget could not be counted; undefined when they could. */
export function failureOf(status: PodDisruptionBudgetStatus | undefined): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === DISRUPTION_ALLOWED);
  return condition?.reason === SYNC_FAILED ? condition.message : undefined;
}

function set(
  conditions: readonly Condition[] | undefined,
  said: Omit<Condition, 'type' | 'lastTransitionTime'>,
  now: Instant,
): readonly Condition[] {
  const time = toTime(now);
  return setCondition(conditions, { type: DISRUPTION_ALLOWED, lastTransitionTime: time, ...said }, time);
}
