import type { Pod } from '#kinds';
import { filters, firstRejection, type Rejection } from './filters/index.js';
import { withNode, withPods, type ClusterState, type NodeState } from './cluster-state.js';
import { ahead, priorityOf, type Nominations } from './nominated.js';

/** What sending away pods of lower priority could do for a pod that fits nowhere. */
export type Preemption =
  | { readonly is: 'nominated'; readonly node: string; readonly victims: readonly Pod[] }
  /** Room is being made for it already. */
  | { readonly is: 'ineligible'; readonly why: string; readonly waits: boolean }
  | { readonly is: 'useless'; readonly outcome: ReadonlyMap<string, number> };

export interface Attempt {
  readonly pod: Pod;
  readonly cluster: ClusterState;
  readonly nominations: Nominations;
  readonly rejections: ReadonlyMap<NodeState, Rejection>;
}
interface Candidate {
  readonly node: NodeState;
  /** The most important first. */
  readonly victims: readonly Pod[];
  readonly broken: number;
}

/** So many nodes that would do are enough to choose from. */
const CANDIDATES_MAX = 100;
const NO_VICTIMS = 'No preemption victims found for incoming pod';
const NOT_HELPFUL = 'Preemption is not helpful for scheduling';

export function preempt(attempt: Attempt): Preemption {
  const { pod, cluster, rejections } = attempt;
  const ineligible = whyIneligible(attempt);
  if (ineligible) return ineligible;
  const outcome = new Map<string, number>();
  const candidates: Candidate[] = [];
  for (const node of cluster.nodes) {
    if (candidates.length >= CANDIDATES_MAX) break;
    if (rejections.get(node)?.helpless !== false) add(outcome, NOT_HELPFUL);
    else {
      const found = victimsOn(attempt, node);
      if ('victims' in found) candidates.push(found);
      else for (const reason of found.reasons) add(outcome, reason);
    }
  }
  const best = candidates.reduce<Candidate | undefined>(
    (so, next) => (so === undefined || isBetter(next, so) ? next : so),
    undefined,
  );
  if (!best) return { is: 'useless', outcome };
  const { metadata } = pod;
  const victims = best.victims.filter((victim) => victim.metadata.uid !== metadata.uid);
  return { is: 'nominated', node: best.node.name, victims };
}

function add(outcome: Map<string, number>, reason: string): void {
  outcome.set(reason, (outcome.get(reason) ?? 0) + 1);
}

function whyIneligible({ pod, cluster, rejections }: Attempt): Preemption | undefined {
  if ((pod.spec as { readonly preemptionPolicy?: string }).preemptionPolicy === 'Never') {
    return { is: 'ineligible', why: 'not eligible due to preemptionPolicy=Never.', waits: false };
  }
  const nominated = cluster.nodes.find(({ name }) => name === pod.status?.nominatedNodeName);
  if (!nominated || rejections.get(nominated)?.helpless !== false) return undefined;
  const isLeaving = nominated.pods.some(
    (one) => one.metadata.deletionTimestamp !== undefined && priorityOf(one) < priorityOf(pod) && wasPreempted(one),
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
 * back one after another while the pod still fits, those guarded by a budget first.
 */
function victimsOn(attempt: Attempt, node: NodeState): Candidate | Rejection {
  const { pod, cluster } = attempt;
  const lower = node.pods.filter((one) => priorityOf(one) < priorityOf(pod)).sort(byImportance);
  if (lower.length === 0) return { reasons: [NO_VICTIMS], helpless: false };
  const gone = new Set(lower);
  const rejected = fits(attempt, node, gone);
  if (rejected) return rejected;
  const guarded = cluster.guard(lower);
  let broken = 0;
  for (const one of [...lower.filter((p) => guarded.has(p)), ...lower.filter((p) => !guarded.has(p))]) {
    gone.delete(one);
    if (fits(attempt, node, gone) === undefined) continue;
    gone.add(one);
    if (guarded.has(one)) broken++;
  }
  return { node, victims: lower.filter((one) => gone.has(one)), broken };
}

function fits(attempt: Attempt, node: NodeState, gone: ReadonlySet<Pod>): Rejection | undefined {
  const { pod, cluster, nominations } = attempt;
  const left = node.pods.filter((one) => !gone.has(one));
  const others = ahead(nominations, node.name, pod);
  const rejected = others.length > 0 ? rejectionOf(pod, cluster, withPods(node, [...left, ...others])) : undefined;
  return rejected ?? rejectionOf(pod, cluster, withPods(node, left));
}
function rejectionOf(pod: Pod, cluster: ClusterState, changed: NodeState): Rejection | undefined {
  const imagined = withNode(cluster, changed);
  return firstRejection(
    filters.map((filter) => filter(pod, imagined)),
    changed,
  );
}

/** Higher priority first, then who has run longer, then the name. */
function byImportance(a: Pod, b: Pod): number {
  if (priorityOf(a) !== priorityOf(b)) return priorityOf(b) - priorityOf(a);
  const [startA, startB] = [startOf(a), startOf(b)];
  if (startA !== startB) return startA < startB ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
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
