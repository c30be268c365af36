import { replicaSets } from '#kinds';
import type { Submit } from '#model';
import { remove, streamOfObject } from '../shared/index.js';
import { revisionOf } from './annotations.js';
import { replicasOf, type Situation } from './situation.js';
import { isComplete } from './status.js';

/** Old sets beyond the limit of the history go, oldest revision first, once nothing is left of them. */
export function tidy({ deployment, old }: Situation): readonly Submit[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2 ** 31 - 1) return [];
  if (!deployment.spec.paused && !isComplete(deployment, deployment.status)) return [];
  const candidates = old.filter((set) => set.metadata.deletionTimestamp === undefined);
  const byRevision = [...candidates].sort((a, b) => Number(revisionOf(a) - revisionOf(b)));
  return byRevision
    .slice(0, Math.max(0, candidates.length - limit))
    .filter(
      (set) =>
        replicasOf(set) === 0 &&
        !set.status?.replicas &&
        (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    )
    .map((set) =>
      remove(replicaSets, set, {
        because: `the history keeps ${limit} sets`,
        basedOn: [streamOfObject(replicaSets, set)],
      }),
    );
}
