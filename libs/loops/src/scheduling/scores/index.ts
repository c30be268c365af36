import type { Pod } from '#kinds';
import { isTolerated, type Taint } from '#meta';
import type { ClusterState, NodeState } from '../cluster-state.js';
import { countByDomain, spreads } from '../filters/spread.js';
import { termMatcher } from '../filters/pod-affinity.js';
import { matchesTerm } from '../node-affinity.js';
import { scoredRequests } from '../resources.js';

/** How well nodes suit a pod: a number a node, brought to 0…100 by `scale`. */
interface Score {
  readonly name: string;
  readonly weight: number;
  prepare(pod: Pod, cluster: ClusterState): (node: NodeState) => number;
  readonly scale: 'as-is' | 'most' | 'least' | 'between';
}

/** Every node's sum of weighted scores, with the parts, so that the decision can be explained later. */
export interface Scored {
  readonly node: NodeState;
  readonly total: number;
  readonly parts: { readonly [score: string]: number };
}

export function scored(pod: Pod, feasible: readonly NodeState[], cluster: ClusterState): readonly Scored[] {
  const columns = scores.map((score) => ({ score, values: scaled(score, feasible, score.prepare(pod, cluster)) }));
  return feasible.map((node, i) => {
    let total = 0;
    const parts: Record<string, number> = {};
    for (const { score, values } of columns) {
      const value = score.weight * (values[i] as number);
      parts[score.name] = value;
      total += value;
    }
    return { node, total, parts };
  });
}

function scaled(score: Score, nodes: readonly NodeState[], raw: (node: NodeState) => number): readonly number[] {
  const values = nodes.map(raw);
  const most = Math.max(...values);
  const least = Math.min(...values);
  switch (score.scale) {
    case 'as-is':
      return values;
    case 'most':
      return values.map((value) => (most === 0 ? 0 : Math.floor((100 * value) / most)));
    case 'least':
      return values.map((value) => (most === 0 ? 100 : 100 - Math.floor((100 * value) / most)));
    case 'between':
      return values.map((value) => (most === least ? 0 : Math.floor((100 * (value - least)) / (most - least))));
  }
}

const leastAllocated: Score = {
  name: 'NodeResourcesFit',
  weight: 1,
  scale: 'as-is',
  prepare: (pod) => {
    const asked = scoredRequests(pod);
    return (node) => {
      const free = (capacity: number, used: number): number =>
        capacity === 0 || used > capacity ? 0 : Math.floor(((capacity - used) * 100) / capacity);
      const cpu = free(node.allocatable.get('cpu') ?? 0, node.scored.cpu + asked.cpu);
      const memory = free(node.allocatable.get('memory') ?? 0, node.scored.memory + asked.memory);
      return Math.floor((cpu + memory) / 2);
    };
  },
};

const balancedAllocation: Score = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  scale: 'as-is',
  prepare: (pod) => {
    const asked = scoredRequests(pod);
    return (node) => {
      const share = (capacity: number, used: number): number => (capacity === 0 ? 1 : Math.min(1, used / capacity));
      const cpu = share(node.allocatable.get('cpu') ?? 0, node.scored.cpu + asked.cpu);
      const memory = share(node.allocatable.get('memory') ?? 0, node.scored.memory + asked.memory);
      return Math.floor((1 - Math.abs(cpu - memory) / 2) * 100);
    };
  },
};

const taintToleration: Score = {
  name: 'TaintToleration',
  weight: 3,
  scale: 'least',
  prepare: (pod) => (state) => {
    const soft = ((state.node.spec?.taints ?? []) as readonly Taint[]).filter(
      (taint) => taint.effect === 'PreferNoSchedule',
    );
    return soft.filter((taint) => !isTolerated(pod.spec.tolerations, taint)).length;
  },
};

const nodeAffinity: Score = {
  name: 'NodeAffinity',
  weight: 2,
  scale: 'most',
  prepare: (pod) => {
    const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return (state) => {
      let sum = 0;
      for (const term of terms) if (matchesTerm(term.preference, state)) sum += term.weight;
      return sum;
    };
  },
};

const topologySpread: Score = {
  name: 'PodTopologySpread',
  weight: 2,
  scale: 'least',
  prepare: (pod, cluster) => {
    const soft = spreads(pod, 'ScheduleAnyway');
    if (soft.length === 0) return () => 0;
    const counted = soft.map((spread) => ({
      spread,
      counts: countByDomain(pod, spread, [spread.constraint.topologyKey], cluster),
    }));
    return (state) => {
      let sum = 0;
      for (const { spread, counts } of counted) {
        const domain = state.labels[spread.constraint.topologyKey];
        // A node outside every domain is as bad as the fullest one.
        if (domain === undefined) sum += Math.max(0, ...counts.values()) + 1;
        else sum += (counts.get(domain) ?? 0) * Math.log(counts.size + 2) + (spread.constraint.maxSkew - 1);
      }
      return sum;
    };
  },
};

/** A running pod's required affinity counts for this much when it wants the new pod near. */
const HARD_AFFINITY_WEIGHT = 1;

const podAffinity: Score = {
  name: 'InterPodAffinity',
  weight: 2,
  scale: 'between',
  prepare: (pod, cluster) => {
    const sums = new Map<string, number>();
    const count = (key: string, state: NodeState, weight: number): void => {
      const domain = state.labels[key];
      if (domain !== undefined) sums.set(`${key}=${domain}`, (sums.get(`${key}=${domain}`) ?? 0) + weight);
    };
    const mine = preferences(pod).map((term) => ({ ...term, matches: termMatcher(term.term, pod, cluster) }));
    for (const state of cluster.nodes) {
      for (const other of state.pods) {
        for (const { term, weight, matches } of mine) if (matches(other)) count(term.topologyKey, state, weight);
        for (const { term, weight } of [...preferences(other), ...requirements(other)]) {
          if (termMatcher(term, other, cluster)(pod)) count(term.topologyKey, state, weight);
        }
      }
    }
    if (sums.size === 0) return () => 0;
    const keys = new Set([...sums.keys()].map((pair) => pair.slice(0, pair.indexOf('='))));
    return (state) => {
      let sum = 0;
      for (const key of keys) sum += sums.get(`${key}=${state.labels[key]}`) ?? 0;
      return sum;
    };
  },
};
function preferences(pod: Pod): readonly { term: Term; weight: number }[] {
  const near = pod.spec.affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = pod.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...near.map((p) => ({ term: p.podAffinityTerm, weight: p.weight })),
    ...far.map((p) => ({ term: p.podAffinityTerm, weight: -p.weight })),
  ];
}
function requirements(pod: Pod): readonly { term: Term; weight: number }[] {
  const near = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return near.map((term) => ({ term, weight: HARD_AFFINITY_WEIGHT }));
}
type Term = Parameters<typeof termMatcher>[0];

const scores: readonly Score[] = [
  taintToleration,
  nodeAffinity,
  topologySpread,
  podAffinity,
  leastAllocated,
  balancedAllocation,
];
