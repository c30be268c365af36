import { hasEnded, type Pod, type TopologySpreadConstraint } from '#kinds';
import { labelMatcher, untolerated, type LabelMatcher, type Taint } from '#meta';
import type { ClusterState, NodeState } from '../cluster-state.js';
import { matchesNode } from '../node-affinity.js';
import { helpable, helpless, passes, type Filter } from './filter.js';

/** A spread constraint made ready for one pod. */
export interface Spread {
  readonly constraint: TopologySpreadConstraint;
  readonly matcher: LabelMatcher;
  readonly countsItself: boolean;
  /** Whether a node takes part in the counting. */
  readonly includes: (state: NodeState) => boolean;
}

export function spreads(pod: Pod, whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'): readonly Spread[] {
  const matchesAffinity = matchesNode(pod);
  const tolerates = (state: NodeState): boolean =>
    !untolerated(state.node.spec?.taints as readonly Taint[] | undefined, pod.spec.tolerations, [
      'NoSchedule',
      'NoExecute',
    ]);
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .flatMap((constraint) => {
      const matcher = labelMatcher(constraint.labelSelector);
      if (!matcher.ok) return [];
      const honorsAffinity = constraint.nodeAffinityPolicy !== 'Ignore';
      const honorsTaints = constraint.nodeTaintsPolicy === 'Honor';
      return [
        {
          constraint,
          matcher: matcher.value,
          countsItself: matcher.value.matches(pod.metadata.labels),
          includes: (state) => (!honorsAffinity || matchesAffinity(state)) && (!honorsTaints || tolerates(state)),
        } satisfies Spread,
      ];
    });
}

/** Pods that match, by domain, over the nodes that take part. */
export function countByDomain(
  pod: Pod,
  spread: Spread,
  keys: readonly string[],
  cluster: ClusterState,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const state of cluster.nodes) {
    if (!spread.includes(state) || keys.some((key) => state.labels[key] === undefined)) continue;
    const domain = state.labels[spread.constraint.topologyKey] as string;
    counts.set(domain, (counts.get(domain) ?? 0) + countOn(pod, spread, state));
  }
  return counts;
}
function countOn(pod: Pod, spread: Spread, state: NodeState): number {
  let count = 0;
  for (const other of state.pods) {
    if (other.metadata.namespace !== pod.metadata.namespace || other.metadata.deletionTimestamp || hasEnded(other))
      continue;
    if (spread.matcher.matches(other.metadata.labels)) count++;
  }
  return count;
}

export const topologySpread: Filter = (pod, cluster) => {
  const hard = spreads(pod, 'DoNotSchedule');
  if (hard.length === 0) return passes;
  const keys = hard.map(({ constraint }) => constraint.topologyKey);
  const counted = hard.map((spread) => {
    const counts = countByDomain(pod, spread, keys, cluster);
    const tooFew = counts.size < (spread.constraint.minDomains ?? 1);
    const least = tooFew || counts.size === 0 ? 0 : Math.min(...counts.values());
    return { spread, counts, least };
  });
  return (state) => {
    for (const { spread, counts, least } of counted) {
      const domain = state.labels[spread.constraint.topologyKey];
      if (domain === undefined)
        return helpless("node(s) didn't match pod topology spread constraints (missing required label)");
      const skew = (counts.get(domain) ?? 0) + (spread.countsItself ? 1 : 0) - least;
      if (skew > spread.constraint.maxSkew) return helpable("node(s) didn't match pod topology spread constraints");
    }
    return undefined;
  };
};
