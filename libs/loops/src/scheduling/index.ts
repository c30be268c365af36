import { namespaces, pods } from '#kinds';
import { KeptPicture, type Change, type Decision, type Loop, type Outside, type View } from '#model';
import type { Pod } from '#pod';
import { jsonEquals, type Instant } from '#std';
import { guardOf, type Guard } from './budgets.js';
import { CLAIMS, missingClaim } from './claims.js';
import { bind, cannotPlace } from './commands.js';
import type { Look } from './look.js';
import { mayHelp } from './may-help.js';
import { forget, nominate, nominationsOf, placedPod, type Reserved } from './nominated.js';
import { ClusterPicture } from './picture/cluster-picture.js';
import { LEFT_MS, nameOf, type ParkedShape } from './picture/waiting-pods.js';
import { schedule } from './schedule.js';
import { shapeOf } from './shape.js';
import { sendAway } from './victims.js';

const KEY = 'queue';
/** Pods bound in one look, at most: the binds of a look are written together before the next one sees them. */
const BOUND_MAX = 256;
/** A look that has taken so many steps, as the picture counts them, leaves the rest to the next one: some 10 ms. */
const STEPS_MAX = 1_200_000;
/** What a pod costs beside its passes over the nodes. */
const STEPS_OF_POD = 3_000;
/** A pod that fits nowhere costs as much as so many that do. */
const COST_OF_FAILURE = 3;
/** Name of the fact that says which shapes rested after futile tries, {@link nameOf}. */
const RESTING = 'restingShapes';

const pictures = new KeptPicture<ClusterPicture>({
  build: (view) => ClusterPicture.of(view),
  apply: (picture, change, view) => picture.apply(change, view),
});

/**
 * Binds pods to nodes. All waiting pods are one key: a look decides a batch in the log's order, each pod on a picture in which
 * those before it are placed already. Where the view is followed, pods for which there was no place are tried again
 * only when a change may have made one.
 */
export const scheduling: Loop = {
  name: 'scheduling',
  account: 'system:kube-scheduler',
  picture: pictures,
  keysOf: (change) => (concerns(change) ? [KEY] : []),
  keysAtStart: () => [KEY],
  reconcile(view, _key, now, outside) {
    const { picture, isKept } = pictures.of(view);
    const { waiting } = picture;
    if (waiting.size === 0) return [];
    if (outside?.fact('refusals') !== undefined) waiting.unparkLast();
    waiting.wake((parked) => mayHelp(waiting.cures, parked, picture), now);
    const resting = restingShapes(outside, picture, now);
    const { submits, isLeft, isCut } = decide(view, picture, { now, isKept, resting });
    const wakes = waiting.resting(now).map(({ restsUntil }) => restsUntil);
    if (isLeft || waiting.hasParked) wakes.push(now + LEFT_MS);
    if (isCut) wakes.push(now);
    return wakes.length > 0 ? [...submits, { is: 'wake', at: Math.min(...wakes) }] : submits;
  },
};
export const schedulingLoops: readonly Loop[] = [scheduling];

interface LookOptions {
  readonly now: Instant;
  readonly isKept: boolean;
  readonly resting: ReadonlySet<string>;
}
interface Decided {
  readonly submits: readonly Decision[];
  /** Some pod had no place. */
  readonly isLeft: boolean;
  /** The look was long enough before all were tried. */
  readonly isCut: boolean;
}

function decide(view: View, picture: ClusterPicture, { now, isKept, resting }: LookOptions): Decided {
  const { waiting } = picture;
  const nominations = nominationsOf(waiting.nominations());
  let guard: Guard | undefined;
  const look: Look = { picture, nominations, guard: () => (guard ??= guardOf(view)), lacks: missingClaim(view) };
  const placed: Reserved[] = [];
  const submits: Decision[] = [];
  let isLeft = false;
  let isCut = false;
  const stepsMax = picture.steps.taken + STEPS_MAX;
  try {
    for (const { waiting: one, parked } of waiting.toTry(now)) {
      if (placed.length >= BOUND_MAX) break;
      // A past look that is taken again is never shorter: its picture is built for it, and takes steps that the kept one saved.
      if (isKept && picture.steps.taken >= stepsMax) {
        isCut = true;
        break;
      }
      const { pod } = one;
      const shape = shapeOf(pod);
      // Those that rest take no steps: however many there are, the pods behind them are reached.
      if (isResting({ shape, parked }, resting)) continue;
      const before = picture.steps.taken;
      picture.steps.taken += STEPS_OF_POD;
      const placement = schedule(pod, shape, look);
      // Its own claim has been weighed; from here on it is where this look puts it.
      if (placement.is === 'placed') {
        forget(nominations, pod);
        const here = { row: placement.node, placed: placedPod(pod) };
        picture.place(here.row, here.placed);
        placed.push(here);
        if (parked) waiting.succeeded(parked);
        submits.push(...bind(view, pod, placement, now));
        continue;
      }
      isLeft = true;
      picture.steps.taken += (COST_OF_FAILURE - 1) * (picture.steps.taken - before);
      const { preemption } = placement;
      if (isKept) waiting.park(one, shape, { now, preempts: preemption.is === 'nominated' });
      if (preemption.is === 'ineligible' && preemption.waits) continue;
      forget(nominations, pod);
      if (preemption.is === 'nominated') {
        nominate(nominations, preemption.node, pod);
        for (const victim of preemption.victims) submits.push(...sendAway(view, victim, pod, preemption.node, now));
      }
      submits.push(...cannotPlace(view, pod, placement, now));
    }
  } finally {
    // Only what the log says is in the picture from look to look.
    for (const { row, placed: pod } of placed) picture.displace(row, pod);
  }
  return { submits, isLeft, isCut };
}

function isResting(
  { shape, parked }: { readonly shape: ParkedShape['shape']; readonly parked: ParkedShape | undefined },
  resting: ReadonlySet<string>,
): boolean {
  return parked === undefined && resting.size > 0 && resting.has(nameOf(shape));
}
/** As recorded, where a past look is taken again; otherwise what this process has tried. Recorded unless there are none. */
function restingShapes(outside: Outside | undefined, { waiting }: ClusterPicture, now: Instant): ReadonlySet<string> {
  const resting = waiting.resting(now).map(({ shape }) => nameOf(shape));
  const names = resting.length > 0 ? outside?.digest(RESTING, () => resting) : outside?.fact(RESTING);
  return new Set(Array.isArray(names) ? names.map(String) : resting);
}

/** Pods, nodes, claims and the labels of namespaces; a pod's own status report changes nothing for the scheduler unless it has ended. */
function concerns(change: Change): boolean {
  if (change.kind === 'core.nodes' || change.kind === CLAIMS) return true;
  if (change.kind === namespaces.id)
    return change.before !== undefined && !jsonEquals(change.before.metadata.labels, change.after?.metadata.labels);
  if (change.kind !== pods.id) return false;
  const before = change.before as Pod | undefined;
  const after = change.after as Pod | undefined;
  if (!before || !after) return true;
  return (
    before.spec !== after.spec ||
    before.metadata.labels !== after.metadata.labels ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.status?.nominatedNodeName !== after.status?.nominatedNodeName ||
    before.status?.phase !== after.status?.phase
  );
}
