import type { Pod } from '#kinds';
import type { ClusterPicture } from './picture/cluster-picture.js';
import type { Shape } from './shape.js';
import { countByDomain } from './topology.js';

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
export function best(pod: Pod, shape: Shape, picture: ClusterPicture, feasible: readonly number[]): Scored {
  const scores: readonly Score[] = [
    { name: 'TaintToleration', raw: softTaints(pod, picture), scale: inverse },
    { name: 'NodeAffinity', raw: preferredNodes(pod, picture), scale: share },
    { name: 'PodTopologySpread', raw: softSpread(pod, shape, picture), scale: inverse },
    { name: 'InterPodAffinity', raw: podAffinity(pod, shape, picture), scale: between },
  ];
  const scaled = scores.map((score) => ({ ...score, value: scaling(score, feasible) }));
  const varying = scaled.filter(({ raw }) => raw !== undefined);
  const resources = resourceScores(shape, picture);
  let chosen = feasible[0] as number;
  let most = -Infinity;
  for (const index of feasible) {
    let total = resources.fit(index) + resources.balance(index);
    for (const { name, value } of varying) total += WEIGHTS[name] * value(index);
    if (total < most || (total === most && !isFirst(picture, index, chosen))) continue;
    most = total;
    chosen = index;
  }
  const parts: Record<string, number> = {};
  for (const { name, value } of scaled) parts[name] = WEIGHTS[name] * value(chosen);
  parts['NodeResourcesFit'] = resources.fit(chosen);
  parts['NodeResourcesBalancedAllocation'] = resources.balance(chosen);
  return { index: chosen, parts };
}

function isFirst({ nodes }: ClusterPicture, index: number, other: number): boolean {
  return (nodes.rows[index]?.name ?? '') < (nodes.rows[other]?.name ?? '');
}

function scaling({ raw, scale }: Score, feasible: readonly number[]): Raw {
  if (raw === undefined) {
    const constant = scale(0, 0, 0);
    return () => constant;
  }
  let least = Infinity;
  let most = -Infinity;
  for (const index of feasible) {
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

function resourceScores({ needs }: Shape, { nodes }: ClusterPicture): { readonly fit: Raw; readonly balance: Raw } {
  const { scoredCpu, scoredMemory } = nodes;
  const none = new Float64Array(scoredCpu.length);
  const cpus = nodes.columns.get('cpu')?.allocatable ?? none;
  const memories = nodes.columns.get('memory')?.allocatable ?? none;
  const free = (capacity: number, used: number): number =>
    capacity === 0 || used > capacity ? 0 : Math.floor(((capacity - used) * 100) / capacity);
  const part = (capacity: number, used: number): number => (capacity === 0 ? 1 : Math.min(1, used / capacity));
  return {
    fit(index) {
      const cpu = free(cpus[index] as number, (scoredCpu[index] as number) + needs.scoredCpu);
      const memory = free(memories[index] as number, (scoredMemory[index] as number) + needs.scoredMemory);
      return Math.floor((cpu + memory) / 2);
    },
    balance(index) {
      const cpu = part(cpus[index] as number, (scoredCpu[index] as number) + needs.scoredCpu);
      const memory = part(memories[index] as number, (scoredMemory[index] as number) + needs.scoredMemory);
      return Math.floor((1 - Math.abs(cpu - memory) / 2) * 100);
    },
  };
}
