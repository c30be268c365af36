import { labelMatcher } from '#meta';
import type { Pod, TopologySpreadConstraint } from '#pod';
import { preferredTerms, requiredTerms } from './picture/counts.js';
import { podNeeds, type Needs } from './picture/needs.js';
import { everyMatcher, spreadMatcher, termMatcher, type PodMatcher } from './picture/pod-matcher.js';

/** A spread constraint with what it counts. */
export interface Spread {
  readonly constraint: TopologySpreadConstraint;
  readonly matcher: PodMatcher;
  readonly countsItself: boolean;
}
export interface Term {
  readonly topologyKey: string;
  readonly matcher: PodMatcher;
  readonly weight: number;
}

/** All that the scheduler asks of a pod. Pods of one shape fit on the same nodes. */
export interface Shape {
  readonly key: string;
  readonly needs: Needs;
  readonly priority: number;
  readonly mayPreempt: boolean;
  readonly hardSpreads: readonly Spread[];
  readonly softSpreads: readonly Spread[];
  /** Topology keys of required affinity, all with the matcher of every term together. */
  readonly near: { readonly keys: readonly string[]; readonly matcher: PodMatcher } | undefined;
  readonly apart: readonly Term[];
  readonly preferred: readonly Term[];
}

export function priorityOf(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/** Distinct shapes that are remembered. */
const KNOWN_MAX = 1024;
const known = new Map<string, Shape>();

export function shapeOf(pod: Pod): Shape {
  const { spec, status } = pod;
  const { namespace, labels } = pod.metadata;
  const needs = podNeeds(pod);
  const claims = (spec.volumes ?? []).map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName);
  const key = JSON.stringify([
    ...[namespace, labels, spec.priority, (spec as { readonly preemptionPolicy?: string }).preemptionPolicy],
    ...[spec.nodeSelector, spec.affinity, spec.tolerations, spec.topologySpreadConstraints],
    ...[needs, claims.filter((name) => name !== undefined), status?.nominatedNodeName || undefined],
  ]);
  let shape = known.get(key);
  if (shape === undefined) {
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(key, (shape = made(pod, key, needs)));
  }
  return shape;
}

function made(pod: Pod, key: string, needs: Needs): Shape {
  const { near, apart } = requiredTerms(pod);
  return {
    key,
    needs,
    priority: priorityOf(pod),
    mayPreempt: (pod.spec as { readonly preemptionPolicy?: string }).preemptionPolicy !== 'Never',
    hardSpreads: spreadsOf(pod, 'DoNotSchedule'),
    softSpreads: spreadsOf(pod, 'ScheduleAnyway'),
    near:
      near.length === 0
        ? undefined
        : {
            keys: near.map(({ topologyKey }) => topologyKey),
            matcher: everyMatcher(near.map((term) => termMatcher(term, pod))),
          },
    apart: apart.map((term) => ({ topologyKey: term.topologyKey, matcher: termMatcher(term, pod), weight: 0 })),
    preferred: preferredTerms(pod).map(({ term, weight }) => ({
      topologyKey: term.topologyKey,
      matcher: termMatcher(term, pod),
      weight,
    })),
  };
}

function spreadsOf(pod: Pod, whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'): readonly Spread[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .flatMap((constraint) => {
      const labels = labelMatcher(constraint.labelSelector);
      if (!labels.ok) return [];
      const matcher = spreadMatcher(constraint.labelSelector, labels.value, pod.metadata.namespace ?? '');
      return [{ constraint, matcher, countsItself: labels.value.matches(pod.metadata.labels) }];
    });
}
