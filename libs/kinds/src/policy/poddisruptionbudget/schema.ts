import {
  condition,
  f,
  int32,
  int64,
  intOrString,
  labelSelector,
  list,
  map,
  named,
  object,
  objectMeta,
  req,
  string,
  time,
  type Infer,
  type Stored,
} from '#model';

export const podDisruptionBudgetSpec = object(
  'io.k8s.api.policy.v1.PodDisruptionBudgetSpec',
  'How many of a set of pods evictions must leave.',
  {
    minAvailable: f(intOrString, 1, 'Healthy pods that an eviction must leave; a number, or a percentage of all.', {
      pointer: true,
    }),
    selector: f(labelSelector, 2, 'Selects the pods; an empty one all of the namespace, none at all none.', {
      patchStrategy: 'replace',
    }),
    maxUnavailable: f(intOrString, 3, 'Pods that may be unhealthy after an eviction; a number, or a percentage.', {
      pointer: true,
    }),
    unhealthyPodEvictionPolicy: f(
      named('v1.UnhealthyPodEvictionPolicyType'),
      4,
      'IfHealthyBudget or AlwaysAllow: when running pods that are not ready may be evicted.',
      { pointer: true },
    ),
  },
);
export type PodDisruptionBudgetSpec = Infer<typeof podDisruptionBudgetSpec>;

export const podDisruptionBudgetStatus = object(
  'io.k8s.api.policy.v1.PodDisruptionBudgetStatus',
  'How many pods may be evicted now.',
  {
    observedGeneration: f(int64, 1, 'Generation that the counts were made for.'),
    disruptedPods: f(map(time), 2, 'Evicted pods that are not seen to terminate yet, and when they were evicted.'),
    disruptionsAllowed: req(int32, 3, 'Pods that may be evicted now.'),
    currentHealthy: req(int32, 4, 'Pods that are ready and stay.'),
    desiredHealthy: req(int32, 5, 'Healthy pods that there must be at least.'),
    expectedPods: req(int32, 6, 'Pods that there should be.'),
    conditions: f(list(condition), 7, 'Aspects of its state: DisruptionAllowed.', {
      listType: 'map',
      mapKeys: ['type'],
      mergeKey: 'type',
      patchStrategy: 'merge',
    }),
  },
);
export type PodDisruptionBudgetStatus = Infer<typeof podDisruptionBudgetStatus>;

export const podDisruptionBudget = object(
  'io.k8s.api.policy.v1.PodDisruptionBudget',
  'Limits how many pods of a set are evicted at a time.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(podDisruptionBudgetSpec, 2, 'Which pods, and how many must stay.', { always: {} }),
    status: f(podDisruptionBudgetStatus, 3, 'How many may be evicted now.', { always: {} }),
  },
  { gvk: ['policy/v1 PodDisruptionBudget'] },
);
export type PodDisruptionBudget = Stored<typeof podDisruptionBudget, 'spec'>;
