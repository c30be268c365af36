import { hasEnded } from '#pod';
import type { Decision } from '#model';
import { currentSet } from './current-set.js';
import { report } from './report.js';
import { resize } from './resize.js';
import { podsOf, replicasOf, type Situation } from './situation.js';

/** The next step of a replacement of all pods at once; undefined when nothing is left to move. */
export function recreate(situation: Situation): readonly Decision[] | undefined {
  const { old, current, bounds, view } = situation;
  const shrunk = old
    .filter((set) => replicasOf(set) > 0)
    .flatMap((set) => resize(situation, set, 0, 'all old pods go before new ones come'));
  if (shrunk.length > 0) return [...shrunk, ...report(situation)];
  const running = old.some((set) => (set.status?.replicas ?? 0) > 0 || podsOf(view, set).some((pod) => !hasEnded(pod)));
  if (running) return report(situation);
  const first = currentSet(situation);
  if (first) return first;
  if (!current || replicasOf(current) === bounds.wanted) return undefined;
  return [...resize(situation, current, bounds.wanted, 'the old pods are gone'), ...report(situation)];
}
