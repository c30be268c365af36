import { isJobFinished, jobs, pods as podsRef, type Job } from '#kinds';
import type { Change, Decision, Loop, Outside, View } from '#model';
import { objectsByOwner } from '#model';
import type { Instant } from '#std';
import {
  candidatesOf,
  claim,
  isInEndingNamespace,
  jobsBySelector,
  keyOf,
  ownersOf,
  parseKey,
  refusalsIn,
  sides,
  streamOfObject,
  uncontrolledPods,
  wakeAtFirst,
} from '../shared/index.js';
import { countOf, untrack } from './count.js';
import { createPods } from './create.js';
import { dropPods, stopPods, superfluous } from './delete.js';
import { deadlineOf, finishOf, type Finish } from './finish.js';
import { JobPods } from './job-pods.js';
import { TRACKING_FINALIZER } from './pod-marks.js';
import { awaitedPods, completionsOf, isSuspended, saidOf, tallyOf, type Look, type Tally } from './situation.js';
import { report, reportOf } from './status.js';

/** Only jobs that name this controller, or none, are this loop's. */
const CONTROLLER = 'kubernetes.io/job-controller';

const jobPods = new JobPods();

/** Runs pods until as many have succeeded as a job asks for, and counts each of them once. */
export const job: Loop = {
  name: 'job',
  account: 'job-controller',
  picture: jobPods.picture,
  indexes: [objectsByOwner, jobsBySelector, uncontrolledPods],
  keysOf(change: Change, view: View) {
    if (change.kind === jobs.id) return sides(change).slice(-1).map(keyOf);
    if (change.kind !== podsRef.id) return [];
    return ownersOf(change, view, { kind: 'Job', bySelector: jobsBySelector });
  },
  keysAtStart: (view) => view.list(jobs).map(keyOf),
  reconcile(view, key, now, outside) {
    const { namespace, name } = parseKey(key);
    const found = view.get(jobs, namespace, name);
    return found && isManaged(found) && !isJobFinished(found.status) ? reconcile(view, found, now, outside) : [];
  },
};

export function isManaged({ spec }: Job): boolean {
  return (spec.managedBy ?? CONTROLLER) === CONTROLLER;
}

function reconcile(view: View, found: Job, now: Instant, outside: Outside | undefined): readonly Decision[] {
  const pods = jobPods.of(view, found);
  const strays = pods.inOrder(pods.strays);
  const candidates = candidatesOf(found, strays, { view, index: uncontrolledPods });
  const { changes } = claim(podsRef, found, found.spec.selector, candidates, { finalizer: TRACKING_FINALIZER });
  // Who owns what comes first: counting goes on with what is settled.
  if (changes.length > 0) return changes;

  const look: Look = { view, job: found, pods, now, outside, refusals: refusalsIn(outside), said: saidOf(found) };
  const tally = tallyOf(look);
  const finish = finishOf(look, tally);
  const count = countOf(look, tally, finish);
  const next = reportOf(look, tally, count, finish);
  const wakes = wakeAtFirst([deadlineOf(look)], now);
  const isRefused = look.refusals.length > 0;
  if (count.counted.length > 0 && !isRefused) {
    const untracked = count.counted.map((pod) =>
      untrack(pod, `${found.metadata.name} has counted it`, [streamOfObject(jobs, found)]),
    );
    return [...untracked, ...movesOf(look, tally, finish), ...wakes];
  }
  if (next.isDue) return [...report(found, next), ...wakes];
  const untracked = count.counted.map((pod) => untrack(pod, `${found.metadata.name} has counted it`));
  const moves = [...untracked, ...movesOf(look, tally, finish)];
  // The pods that move bring the loop back at once: counting then saves a write of the status, which would refuse those that
  // are on their way.
  if (moves.some(({ is }) => is === 'submit') && !isRefused) return [...moves, ...wakes];
  return [...moves, ...report(found, next), ...wakes];
}

/** Pods to be made or deleted. One look does one of both, and deletions go first. */
function movesOf(look: Look, tally: Tally, finish: Finish | undefined): readonly Decision[] {
  const { job: owner, pods } = look;
  const { name, deletionTimestamp } = owner.metadata;
  const all = () => pods.inOrder(pods.active);
  if (finish) return finish.isRecorded ? stopPods(look, all(), `${name} ends: ${finish.message}`) : [];
  if (deletionTimestamp !== undefined) return [];
  if (isSuspended(owner)) return dropPods(look, all(), `${name} is suspended`);
  const active = pods.active.size;
  const wanted = wantedActive(owner, tally, active);
  const leaving = superfluous(look, tally, active - wanted);
  if (leaving.length > 0) return dropPods(look, leaving, `${name} wants ${wanted} pods and has ${active}`);
  const missing = wanted - active - awaitedPods(look).length;
  return missing > 0 && !isInEndingNamespace(look.view, owner) ? createPods(look, tally, missing) : [];
}

/** How many pods are to run now. A job without completions makes no others after the first success. */
function wantedActive(owner: Job, { succeeded }: Tally, active: number): number {
  const parallelism = owner.spec.parallelism ?? 1;
  const completions = completionsOf(owner);
  if (completions === undefined) return succeeded > 0 ? active : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}
