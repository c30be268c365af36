import type { Job } from '#kinds';
import { IndexSet } from './index-set.js';

type SuccessPolicy = NonNullable<Job['spec']['successPolicy']>;
interface Required {
  readonly limit: number;
  readonly sets: readonly (IndexSet | undefined)[];
}

/** By the policy, that never changes: 20 rules may have 64 KB of indexes each. */
const known = new WeakMap<SuccessPolicy, Required>();

/** For each rule, the indexes below `limit` that it names; undefined where it names none. */
export function requiredIndexes(policy: SuccessPolicy, limit: number): readonly (IndexSet | undefined)[] {
  const kept = known.get(policy);
  if (kept?.limit === limit) return kept.sets;
  const sets = (policy.rules ?? []).map(({ succeededIndexes }) =>
    typeof succeededIndexes === 'string' ? IndexSet.parse(succeededIndexes, limit) : undefined,
  );
  known.set(policy, { limit, sets });
  return sets;
}
