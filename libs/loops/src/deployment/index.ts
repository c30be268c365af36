import { hasEnded } from '#pod';
import { deployments, pods, replicaSets, type Deployment } from '#kinds';
import { controllerOf } from '#meta';
import type { Change, Decision, Loop, Outside, View } from '#model';
import { objectsByOwner } from '#model';
import type { Instant } from '#std';
import {
  candidatesOf,
  claim,
  deploymentsBySelector,
  replicaSetsControlledBy,
  uncontrolledReplicaSets,
  keyOf,
  ownersOf,
  parseKey,
  refusalsIn,
  sides,
} from '../shared/index.js';
import { situationOf, type Situation } from './situation.js';
import { recreate } from './recreate.js';
import { rollingUpdate } from './rolling-update.js';
import { isScaled, scale } from './scale.js';
import { report } from './report.js';
import { tidy } from './history.js';

/** Rolls a deployment's template out by growing and shrinking its replica sets. */
export const deployment: Loop = {
  name: 'deployment',
  account: 'deployment-controller',
  indexes: [objectsByOwner, deploymentsBySelector, uncontrolledReplicaSets],
  keysOf(change, view) {
    if (change.kind === deployments.id) return sides(change).slice(-1).map(keyOf);
    if (change.kind === replicaSets.id)
      return ownersOf(change, view, { kind: 'Deployment', bySelector: deploymentsBySelector });
    return change.kind === pods.id ? recreatedBy(change, view) : [];
  },
  keysAtStart: (view) => view.list(deployments).map(keyOf),
  reconcile(view, key, now, outside) {
    const { namespace, name } = parseKey(key);
    const found = view.get(deployments, namespace, name);
    return found ? reconcile(view, found, now, outside) : [];
  },
};

function reconcile(view: View, found: Deployment, now: Instant, outside: Outside | undefined): readonly Decision[] {
  const sets = candidatesOf(found, replicaSetsControlledBy(view, found), { view, index: uncontrolledReplicaSets });
  const { mine, changes } = claim(replicaSets, found, found.spec.selector, sets);
  // Who owns what comes first: the rollout goes on with what is settled.
  if (changes.length > 0) return changes;
  return advance(situationOf({ view, deployment: found, sets: mine, now, outside, refusals: refusalsIn(outside) }));
}

/** One step at a time: what it changes brings the loop back. */
function advance(situation: Situation): readonly Decision[] {
  const {
    deployment: { metadata, spec },
  } = situation;
  if (metadata.deletionTimestamp !== undefined) return report(situation);
  const sized = spec.paused || isScaled(situation) ? scale(situation) : [];
  if (sized.length > 0) return [...sized, ...report(situation)];
  if (spec.paused) return [...tidy(situation), ...report(situation)];
  const steps = spec.strategy?.type === 'Recreate' ? recreate(situation) : rollingUpdate(situation);
  return steps ?? [...tidy(situation), ...report(situation)];
}

/** A deployment that replaces all pods at once waits for the end of the old ones. */
function recreatedBy(change: Change, view: View): readonly string[] {
  const pod = change.before as Parameters<typeof hasEnded>[0] | undefined;
  const after = change.after as typeof pod;
  if (!pod || (after && !hasEnded(after))) return [];
  const set = view.get(replicaSets, pod.metadata.namespace, controllerOf(pod)?.name ?? '');
  const owner = set && controllerOf(set);
  const found = owner && view.get(deployments, pod.metadata.namespace, owner.name);
  return found?.spec.strategy?.type === 'Recreate' ? [keyOf(found)] : [];
}
