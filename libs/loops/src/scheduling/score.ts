import type { Pod } from '#pod';
import type { ClusterPicture } from './picture/cluster-picture.js';
import { resourceParts } from './picture/resource-scores.js';
import type { Shape } from './shape.js';
import { countByDomain } from './topology.js';
import { Verdict } from './verdict.js';

/** A node's score: the sum, and the weighted parts, so that the decision can be explained later. */
export interface Scored {
  readonly index: number;
  readonly parts: { readonly [score: string]: number };
}

const WEIGHTS = {
  TaintToleration: 3,
  NodeAffinity: 2,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
  NodeResourcesFit: 1,
  NodeResourcesBalancedAllocation: 1,
} as const;

type Raw = (index: number) => number;
/** Brings raw values to 0…100, given the least and the most of them. */
type Scale = (value: number, least: number, most: number) => number;
const share: Scale = (value, _least, most) => (most === 0 ? 0 : Math.floor((100 * value) / most));
const inverse: Scale = (value, _least, most) => (most === 0 ? 100 : 100 - Math.floor((100 * value) / most));
const between: Scale = (value, least, most) =>
  most === least ? 0 : Math.floor((100 * (value - least)) / (most - least));

interface Score {
  readonly name: keyof typeof WEIGHTS;
  /** Undefined when it is 0 for all nodes. */
  readonly raw: Raw | undefined;
  readonly scale: Scale;
}

/** The node that suits the pod best; of equals the one whose name comes first. */
export function best(pod: Pod, shape: Shape, picture: ClusterPicture, verdicts: Uint8Array): Scored {
  const scores: readonly Score[] = [
    { name: 'TaintToleration', raw: softTaints(pod, picture), scale: inverse },
    { name: 'NodeAffinity', raw: preferredNodes(pod, picture), scale: share },
    { name: 'PodTopologySpread', raw: softSpread(pod, shape, picture), scale: inverse },
    { name: 'InterPodAffinity', raw: podAffinity(pod, shape, picture), scale: between },
  ];
  const scaled = scores.map((score) => ({ ...score, value: scaling(score, verdicts) }));
  const varying = scaled.filter(({ raw }) => raw !== undefined);
  // Each score that varies is asked for its least and most, and then again.
  picture.steps.taken += verdicts.length * (1 + 2 * varying.length);
  let totals = picture.resourceScores.of(shape.needs);
  if (varying.length > 0) totals = totals.slice(0, verdicts.length);
  for (const { name, value } of varying) {
    for (let index = 0; index < verdicts.length; index++)
      if (verdicts[index] === Verdict.fits) (totals[index] as number) += WEIGHTS[name] * value(index);
  }
  const chosen = highest(totals, verdicts, picture.nodes.ranks());
  const parts: Record<string, number> = {};
  for (const { name, value } of scaled) parts[name] = WEIGHTS[name] * value(chosen);
  const { fit, balance } = resourceParts(picture.nodes, shape.needs, chosen);
  parts['NodeResourcesFit'] = fit;
  parts['NodeResourcesBalancedAllocation'] = balance;
  return { index: chosen, parts };
}

/** Of the nodes that fit, one of the highest total with the lowest rank. Every node passes here for every pod: a plain loop. */
function highest(totals: Float64Array, verdicts: Uint8Array, ranks: Int32Array): number {
  const { fits } = Verdict;
  let chosen = -1;
  let most = -Infinity;
  let rank = 0;
  for (let index = 0; index < verdicts.length; index++) {
    const total = totals[index] as number;
    // Most nodes have a lower total than the best one so far.
    if (total < most || verdicts[index] !== fits) continue;
    if (total === most && (ranks[index] as number) > rank) continue;
    most = total;
    rank = ranks[index] as number;
    chosen = index;
  }
  return chosen;
}

function scaling({ raw, scale }: Score, verdicts: Uint8Array): Raw {
  if (raw === undefined) {
    const constant = scale(0, 0, 0);
    return () => constant;
  }
  let least = Infinity;
  let most = -Infinity;
  for (let index = 0; index < verdicts.length; index++) {
    if (verdicts[index] !== Verdict.fits) continue;
    const value = raw(index);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return (index) => scale(raw(index), least, most);
}

function softTaints(pod: Pod, { nodes }: ClusterPicture): Raw | undefined {
  const { softTaints: taints } = nodes.matches.of(pod);
  return taints && ((index) => taints[index] as number);
}
function preferredNodes(pod: Pod, { nodes }: ClusterPicture): Raw | undefined {
  const { preferred } = nodes.matches.of(pod);
  return preferred && ((index) => preferred[index] as number);
}

function softSpread(pod: Pod, { softSpreads }: Shape, picture: ClusterPicture): Raw | undefined {
  if (softSpreads.length === 0) return undefined;
  const match = picture.nodes.matches.of(pod);
  const counted = softSpreads.map((spread) => {
    const { topologyKey, maxSkew } = spread.constraint;
    const { of, counts, present } = countByDomain(pod, spread, { keys: [topologyKey], match, picture });
    let size = 0;
    let most = 0;
    for (let domain = 0; domain < present.length; domain++) {
      size += present[domain] as number;
      most = Math.max(most, counts[domain] as number);
    }
    // A node outside every domain is as bad as the fullest one.
    return { of, counts, factor: Math.log(size + 2), skew: maxSkew - 1, outside: most + 1 };
  });
  return (index) => {
    let sum = 0;
    for (const { of, counts, factor, skew, outside } of counted) {
      const domain = of[index] as number;
      sum += domain < 0 ? outside : (counts[domain] as number) * factor + skew;
    }
    return sum;
  };
}

/** Preferences of the pod about placed ones, and theirs about it. */
function podAffinity(pod: Pod, { preferred }: Shape, picture: ClusterPicture): Raw | undefined {
  const sums = new Map<string, { readonly of: Int32Array; readonly sums: Float64Array }>();
  const count = (key: string, perNode: ReadonlyMap<number, number>, weight: number): void => {
    if (perNode.size === 0) return;
    let known = sums.get(key);
    if (known === undefined) {
      const { of, ids } = picture.nodes.domainsOf(key);
      sums.set(key, (known = { of, sums: new Float64Array(ids.size) }));
    }
    for (const [index, times] of perNode) {
      const domain = known.of[index] as number;
      if (domain >= 0) (known.sums[domain] as number) += times * weight;
    }
  };
  for (const { topologyKey, matcher, weight } of preferred) count(topologyKey, picture.counts.of(matcher), weight);
  for (const { topologyKey, perNode, weight } of picture.counts.termsAbout(pod))
    if (weight !== 0) count(topologyKey, perNode, weight);
  if (sums.size === 0) return undefined;
  const columns = [...sums.values()];
  return (index) => {
    let sum = 0;
    for (const one of columns) {
      const domain = one.of[index] as number;
      if (domain >= 0) sum += one.sums[domain] as number;
    }
    return sum;
  };
}
