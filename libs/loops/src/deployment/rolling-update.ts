import type { ReplicaSet } from '#kinds';
import type { Decision, Submit } from '#model';
import { currentSet } from './current-set.js';
import { resize } from './resize.js';
import { availableOf, replicasOf, roomOf, totalOf, type Situation } from './situation.js';
import { report } from './report.js';

/** The next step of a rolling update; undefined when nothing is left to move. */
export function rollingUpdate(situation: Situation): readonly Decision[] | undefined {
  const first = currentSet(situation);
  if (first) return first;
  const { current } = situation;
  if (!current) return report(situation);
  const steps = grow(situation, current) ?? shrink(situation, current);
  return steps.length > 0 ? [...steps, ...report(situation)] : undefined;
}

/** The current set grows as far as the surge allows; undefined when it has its size. */
function grow(situation: Situation, current: ReplicaSet): readonly Submit[] | undefined {
  const { bounds } = situation;
  const size = replicasOf(current);
  if (size > bounds.wanted) return resize(situation, current, bounds.wanted, `only ${bounds.wanted} pods are wanted`);
  const to = size + Math.min(roomOf(situation), bounds.wanted - size);
  if (to === size) return undefined;
  return resize(situation, current, to, `${bounds.most} pods may be there, so the new template gets ${to - size} more`);
}

/** Old sets shrink as far as the number of available pods allows, beginning with pods that are of no use anyway. */
function shrink(situation: Situation, current: ReplicaSet): readonly Submit[] {
  const { bounds, sets, old } = situation;
  const available = new Map(sets.map((set) => [set, availableOf(situation, set)] as const));
  const availableIn = (set: ReplicaSet): number => available.get(set) ?? 0;
  const unavailableNew = replicasOf(current) - availableIn(current);
  // Pods of the new set that are still coming must not be counted on.
  const most = totalOf(sets, replicasOf) - bounds.fewest - unavailableNew;
  if (most <= 0) return [];

  const sizes = new Map(old.map((set) => [set, replicasOf(set)] as const));
  let useless = most;
  for (const set of old) {
    const less = Math.min(useless, Math.max(0, replicasOf(set) - availableIn(set)));
    sizes.set(set, replicasOf(set) - less);
    useless -= less;
  }
  let spare = Math.max(0, totalOf(sets, availableIn) - bounds.fewest);
  for (const set of old) {
    const size = sizes.get(set) ?? 0;
    const less = Math.min(spare, size);
    sizes.set(set, size - less);
    spare -= less;
  }
  const because = `${totalOf(sets, availableIn)} pods are available and ${bounds.fewest} must be`;
  return old.flatMap((set) => {
    const to = sizes.get(set) ?? 0;
    return to === replicasOf(set) ? [] : resize(situation, set, to, because);
  });
}
