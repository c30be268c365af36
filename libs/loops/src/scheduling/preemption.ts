import type { Pod } from '#pod';
import { Fit } from './fit.js';
import type { Look } from './look.js';
import { ahead, placedPod, withReserved } from './nominated.js';
import type { NodeRow, PlacedPod } from './picture/node-table.js';
import { priorityOf, type Shape } from './shape.js';
import { isResolvable, reasonsOf, Verdict } from './verdict.js';

/** What sending away pods of lower priority could do for a pod that fits nowhere. */
export type Preemption =
  | { readonly is: 'nominated'; readonly node: string; readonly victims: readonly Pod[] }
  /** Room is being made for it already. */
  | { readonly is: 'ineligible'; readonly why: string; readonly waits: boolean }
  | { readonly is: 'useless'; readonly outcome: ReadonlyMap<string, number> };

export interface Attempt {
  readonly pod: Pod;
  readonly shape: Shape;
  readonly look: Look;
  /** Why each node rejects the pod, by its place. */
  readonly verdicts: Uint8Array;
}
interface Candidate {
  readonly node: string;
  /** The most important first. */
  readonly victims: readonly Pod[];
  readonly broken: number;
}

/** So many nodes that would do are enough to choose from. */
const CANDIDATES_MAX = 100;
const NO_VICTIMS = 'No preemption victims found for incoming pod';
const NOT_HELPFUL = 'Preemption is not helpful for scheduling';

export function preempt(attempt: Attempt): Preemption {
  const { pod, look, verdicts } = attempt;
  const ineligible = whyIneligible(attempt);
  if (ineligible) return ineligible;
  const outcome = new Map<string, number>();
  const candidates: Candidate[] = [];
  for (const row of look.picture.nodes.inOrder()) {
    if (candidates.length >= CANDIDATES_MAX) break;
    if (!isResolvable(verdicts[row.index] as number)) add(outcome, NOT_HELPFUL);
    else {
      const found = victimsOn(attempt, row);
      if ('victims' in found) candidates.push(found);
      else for (const reason of found.reasons) add(outcome, reason);
    }
  }
  const best = candidates.reduce<Candidate | undefined>(
    (so, next) => (so === undefined || isBetter(next, so) ? next : so),
    undefined,
  );
  if (!best) return { is: 'useless', outcome };
  const victims = best.victims.filter((victim) => victim.metadata.uid !== pod.metadata.uid);
  return { is: 'nominated', node: best.node, victims };
}

function add(outcome: Map<string, number>, reason: string): void {
  outcome.set(reason, (outcome.get(reason) ?? 0) + 1);
}

function whyIneligible({ pod, shape, look, verdicts }: Attempt): Preemption | undefined {
  if (!shape.mayPreempt) {
    return { is: 'ineligible', why: 'not eligible due to preemptionPolicy=Never.', waits: false };
  }
  const nominated = look.picture.nodes.get(pod.status?.nominatedNodeName ?? '');
  if (!nominated || !isResolvable(verdicts[nominated.index] as number)) return undefined;
  const isLeaving = [...nominated.pods.values()].some(
    ({ pod: one }) =>
      one.metadata.deletionTimestamp !== undefined && priorityOf(one) < priorityOf(pod) && wasPreempted(one),
  );
  const why = 'not eligible due to a terminating pod on the nominated node.';
  return isLeaving ? { is: 'ineligible', why, waits: true } : undefined;
}
function wasPreempted(pod: Pod): boolean {
  const target = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return target?.status === 'True' && target.reason === 'PreemptionByScheduler';
}

/**
 * The fewest and least important pods whose leaving makes room: all of lower priority go, then the most important come
 * back one after another while the pod still fits, those guarded by a budget first. The picture is as before at the end.
 */
function victimsOn(attempt: Attempt, row: NodeRow): Candidate | { readonly reasons: readonly string[] } {
  const { pod, look } = attempt;
  const { picture } = look;
  const lower = [...row.pods.values()]
    .filter((one) => priorityOf(one.pod) < priorityOf(pod))
    .sort((a, b) => byImportance(a.pod, b.pod));
  if (lower.length === 0) return { reasons: [NO_VICTIMS] };
  const gone = new Set<PlacedPod>();
  const leave = (one: PlacedPod): void => {
    picture.displace(row, one);
    gone.add(one);
  };
  const comeBack = (one: PlacedPod): void => {
    picture.place(row, one);
    gone.delete(one);
  };
  try {
    for (const one of lower) leave(one);
    const reasons = rejectionAt(attempt, row);
    if (reasons) return { reasons };
    const guarded = look.guard()(lower.map((one) => one.pod));
    const isGuarded = (one: PlacedPod): boolean => guarded.has(one.pod);
    let broken = 0;
    for (const one of [...lower.filter(isGuarded), ...lower.filter((p) => !isGuarded(p))]) {
      comeBack(one);
      if (rejectionAt(attempt, row) === undefined) continue;
      leave(one);
      if (isGuarded(one)) broken++;
    }
    const victims = lower.filter((one) => gone.has(one)).map((one) => one.pod);
    return { node: row.name, victims, broken };
  } finally {
    for (const one of [...gone]) comeBack(one);
  }
}

/** Why the node would not do as the picture is now, with those that are nominated there and without them. */
function rejectionAt({ pod, shape, look }: Attempt, row: NodeRow): readonly string[] | undefined {
  const { picture, nominations } = look;
  const reasons = (): readonly string[] | undefined => {
    const verdict = new Fit(pod, shape, picture).at(row.index);
    return verdict === Verdict.fits ? undefined : reasonsOf(verdict, picture.nodes, row.index, shape.needs);
  };
  const others = ahead(nominations, row.name, pod).map((one) => ({ row, placed: placedPod(one) }));
  return (others.length > 0 ? withReserved(picture, others, reasons) : undefined) ?? reasons();
}

/** Higher priority first, then the one that has run longer, then the name. */
function byImportance(a: Pod, b: Pod): number {
  if (priorityOf(a) !== priorityOf(b)) return priorityOf(b) - priorityOf(a);
  const [startA, startB] = [startOf(a), startOf(b)];
  if (startA !== startB) return startA < startB ? -1 : 1;
  if (a.metadata.name !== b.metadata.name) return a.metadata.name < b.metadata.name ? -1 : 1;
  return (a.metadata.namespace ?? '') < (b.metadata.namespace ?? '') ? -1 : 1;
}
/** One that has not started is taken to start now, after all others. */
function startOf(pod: Pod): string {
  return pod.status?.startTime ?? '~';
}

/** Added to every priority, so that fewer victims always weigh less than more, negative priorities included. */
const OFFSET = 2 ** 31;

/** The node that loses least; of equals the first stays. */
function isBetter(a: Candidate, b: Candidate): boolean {
  const parts = (one: Candidate): readonly number[] => [
    one.broken,
    one.victims[0] ? priorityOf(one.victims[0]) + OFFSET : 0,
    one.victims.reduce((sum, victim) => sum + priorityOf(victim) + OFFSET, 0),
    one.victims.length,
  ];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < left.length; i++) {
    if (left[i] !== right[i]) return (left[i] ?? 0) < (right[i] ?? 0);
  }
  // Of those that are dearest, the ones that began last have the least to lose.
  return earliestOfDearest(a) > earliestOfDearest(b);
}
function earliestOfDearest({ victims }: Candidate): string {
  const [first] = victims;
  if (!first) return '~';
  const starts = victims.filter((victim) => priorityOf(victim) === priorityOf(first)).map(startOf);
  return starts.reduce((least, start) => (start < least ? start : least));
}
