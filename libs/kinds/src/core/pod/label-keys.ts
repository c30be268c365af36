import type { LabelSelector } from '#model';
import type { Affinity, PodAffinityTerm, PodSpec, TopologySpreadConstraint, Pod } from '#pod';
import { valueOf } from '#std';

type Labels = { readonly [key: string]: string };
type Expressions = NonNullable<LabelSelector['matchExpressions']>;

/**
 * Keys of a pod's own labels become part of the selectors that name them when the pod is created: later changes of its
 * labels do not move what it is compared with. Keys that the pod does not have say nothing.
 */
export function withLabelKeys(pod: Pod): PodSpec {
  const labels = pod.metadata.labels ?? {};
  const { affinity, topologySpreadConstraints } = pod.spec;
  return {
    ...pod.spec,
    ...(affinity && { affinity: affinityOf(affinity, labels) }),
    ...(topologySpreadConstraints && {
      topologySpreadConstraints: topologySpreadConstraints.map((constraint) => spreadOf(constraint, labels)),
    }),
  };
}

function spreadOf(constraint: TopologySpreadConstraint, labels: Labels): TopologySpreadConstraint {
  const labelSelector = merged(constraint.labelSelector, expressions(constraint.matchLabelKeys, 'In', labels));
  return labelSelector === constraint.labelSelector ? constraint : { ...constraint, labelSelector };
}

function affinityOf(affinity: Affinity, labels: Labels): Affinity {
  const sides = { ...affinity };
  for (const side of ['podAffinity', 'podAntiAffinity'] as const) {
    const rules = affinity[side];
    if (!rules) continue;
    const required = rules.requiredDuringSchedulingIgnoredDuringExecution;
    const preferred = rules.preferredDuringSchedulingIgnoredDuringExecution;
    Object.assign(sides, {
      [side]: {
        ...rules,
        ...(preferred && {
          preferredDuringSchedulingIgnoredDuringExecution: preferred.map((one) => ({
            ...one,
            podAffinityTerm: termOf(one.podAffinityTerm, labels),
          })),
        }),
        ...(required && {
          requiredDuringSchedulingIgnoredDuringExecution: required.map((term) => termOf(term, labels)),
        }),
      },
    });
  }
  return sides;
}

function termOf(term: PodAffinityTerm, labels: Labels): PodAffinityTerm {
  const more = [
    ...expressions(term.matchLabelKeys, 'In', labels),
    ...expressions(term.mismatchLabelKeys, 'NotIn', labels),
  ];
  const labelSelector = merged(term.labelSelector, more);
  return labelSelector === term.labelSelector ? term : { ...term, labelSelector };
}

function expressions(keys: readonly string[] | undefined, operator: string, labels: Labels): Expressions {
  return (keys ?? []).flatMap((key) => {
    const value = valueOf(labels, key);
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}

function merged<S extends LabelSelector | undefined>(selector: S, more: Expressions): S {
  if (!selector || more.length === 0) return selector;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...more] };
}
