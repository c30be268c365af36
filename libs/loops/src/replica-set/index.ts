import { isActive, type Pod } from '#pod';
import { deployments, pods, replicaSets, type ReplicaSet } from '#kinds';
import { controllerOf } from '#meta';
import type { Change, Decision, Loop, Outside, View } from '#model';
import { objectsByOwner } from '#model';
import type { Instant } from '#std';
import {
  availableAt,
  candidatesOf,
  claim,
  isInEndingNamespace,
  keyOf,
  ownersOf,
  parseKey,
  podsControlledBy,
  replicaSetsBySelector,
  refusalsIn,
  reportStatus,
  sides,
  uncontrolledPods,
  wakeAtFirst,
  type Moment,
} from '../shared/index.js';
import { roomOf, surplusSets, wantingSets } from './allowance.js';
import { createPods } from './create.js';
import { deletePods } from './delete.js';
import { pauseAfterRejections } from './rejections.js';
import { statusOf } from './status.js';

/** Keeps as many pods of a template as a replica set asks for. */
export const replicaSet: Loop = {
  name: 'replica-set',
  account: 'replicaset-controller',
  indexes: [objectsByOwner, replicaSetsBySelector, uncontrolledPods],
  keysOf(change, view) {
    if (change.kind === replicaSets.id) return sides(change).slice(-1).map(keyOf);
    if (change.kind === deployments.id)
      return sides(change)
        .slice(-1)
        .flatMap(({ metadata }) => surplusSets(view, metadata.uid).map(keyOf));
    if (change.kind !== pods.id) return [];
    return [
      ...ownersOf(change, view, { kind: 'ReplicaSet', bySelector: replicaSetsBySelector }),
      ...waitingFor(change, view),
    ];
  },
  keysAtStart: (view) => view.list(replicaSets).map(keyOf),
  reconcile(view, key, now, outside) {
    const { namespace, name } = parseKey(key);
    const set = view.get(replicaSets, namespace, name);
    return set ? reconcile(view, set, now, outside) : [];
  },
};

function reconcile(view: View, set: ReplicaSet, now: Instant, outside: Outside | undefined): readonly Decision[] {
  const candidates = candidatesOf(set, podsControlledBy(view, set), { view, index: uncontrolledPods });
  const { mine, changes } = claim(pods, set, set.spec.selector, candidates.filter(isActive));
  // Who owns what comes first: counting goes on with what is settled.
  if (changes.length > 0) return changes;

  const refusals = refusalsIn(outside);
  const pausedUntil =
    mine.length < (set.spec.replicas ?? 1) ? pauseAfterRejections(candidates, { now, outside }) : undefined;
  if (pausedUntil !== undefined) {
    const waiting = statusOf(set, { active: mine, owned: candidates, refusals, now, outside });
    return [
      ...reportStatus(replicaSets, set, waiting, { because: 'the pods have changed' }),
      { is: 'wake', at: pausedUntil },
    ];
  }
  const moves = movesOf({ view, set, active: mine, now, outside, refusals });
  const wakes = wakeAtFirst(
    mine.map((pod) => availableAt(pod, set.spec.minReadySeconds ?? 0, { now, outside })),
    now,
  );
  // The pods that move bring the loop back at once: counting then saves a write of the status, which would refuse those that
  // are on their way.
  if (moves.length > 0 && refusals.length === 0) return [...moves, ...wakes];
  const status = statusOf(set, { active: mine, owned: candidates, refusals, now, outside });
  return [...moves, ...reportStatus(replicaSets, set, status, { because: 'the pods have changed' }), ...wakes];
}

/** Sets of the same deployment that could not shrink before a pod of this one was available, or not grow before it had gone. */
function waitingFor({ before, after = before }: Change, view: View): readonly string[] {
  const set = after && controllerOf(after);
  const owner = set?.kind === 'ReplicaSet' ? view.get(replicaSets, after?.metadata.namespace, set.name) : undefined;
  const deployment = owner && controllerOf(owner);
  if (!deployment) return [];
  return [...surplusSets(view, deployment.uid), ...wantingSets(view, deployment.uid)].map(keyOf);
}

interface Look extends Moment {
  readonly view: View;
  readonly set: ReplicaSet;
  readonly active: readonly Pod[];
  readonly refusals: ReturnType<typeof refusalsIn>;
}
function movesOf(look: Look): readonly Decision[] {
  const { set, active, view } = look;
  const wanted = set.spec.replicas ?? 1;
  if (set.metadata.deletionTimestamp !== undefined) return [];
  if (active.length > wanted) return deletePods({ ...look, count: active.length - wanted });
  if (active.length === wanted || isInEndingNamespace(view, set)) return [];
  const count = Math.min(wanted - active.length, roomOf(view, set));
  return count > 0 ? createPods({ ...look, count }) : [];
}
