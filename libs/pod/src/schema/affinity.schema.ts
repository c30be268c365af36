import { f, type Infer, int32, list, named, object, req, string, labelSelector } from '#model';

export const nodeSelectorRequirement = object(
  'io.k8s.api.core.v1.NodeSelectorRequirement',
  'One condition on a node.',
  {
    key: req(string, 1, 'Label or field that the condition is about.'),
    operator: req(named('v1.NodeSelectorOperator'), 2, 'In, NotIn, Exists, DoesNotExist, Gt or Lt.'),
    values: f(list(string), 3, 'Values to compare with; one number for Gt and Lt.', { listType: 'atomic' }),
  },
);
export type NodeSelectorRequirement = Infer<typeof nodeSelectorRequirement>;

export const nodeSelectorTerm = object(
  'io.k8s.api.core.v1.NodeSelectorTerm',
  'Conditions on a node that must all hold.',
  {
    matchExpressions: f(list(nodeSelectorRequirement), 1, "Conditions on the node's labels.", { listType: 'atomic' }),
    matchFields: f(
      list(nodeSelectorRequirement),
      2,
      "Conditions on the node's fields; metadata.name is the one there is.",
      { listType: 'atomic' },
    ),
  },
  { mapType: 'atomic' },
);
export type NodeSelectorTerm = Infer<typeof nodeSelectorTerm>;

export const preferredSchedulingTerm = object(
  'io.k8s.api.core.v1.PreferredSchedulingTerm',
  'Nodes that are liked better, and by how much.',
  {
    weight: req(int32, 1, 'How much it counts, from 1 to 100.'),
    preference: req(nodeSelectorTerm, 2, 'What such nodes have.', { always: {} }),
  },
);
export type PreferredSchedulingTerm = Infer<typeof preferredSchedulingTerm>;

export const nodeSelector = object(
  'io.k8s.api.core.v1.NodeSelector',
  'Chooses nodes; one of its terms must hold.',
  {
    nodeSelectorTerms: req(list(nodeSelectorTerm), 1, 'The terms, of which one is enough.', {
      listType: 'atomic',
      always: null,
    }),
  },
  { mapType: 'atomic' },
);
export type NodeSelector = Infer<typeof nodeSelector>;

export const nodeAffinity = object(
  'io.k8s.api.core.v1.NodeAffinity',
  'Which nodes a pod may run on and which it likes.',
  {
    requiredDuringSchedulingIgnoredDuringExecution: f(nodeSelector, 1, 'Nodes that the pod must be placed on.'),
    preferredDuringSchedulingIgnoredDuringExecution: f(
      list(preferredSchedulingTerm),
      2,
      'Nodes that are liked better when the pod is placed.',
      { listType: 'atomic' },
    ),
  },
);
export type NodeAffinity = Infer<typeof nodeAffinity>;

export const podAffinityTerm = object('io.k8s.api.core.v1.PodAffinityTerm', 'Pods to be near to or far from.', {
  labelSelector: f(labelSelector, 1, 'Labels of those pods.'),
  namespaces: f(list(string), 2, "Namespaces of those pods, by name; the pod's own where nothing is said.", {
    listType: 'atomic',
  }),
  topologyKey: req(string, 3, 'Node label whose equal values mean near.'),
  namespaceSelector: f(labelSelector, 4, 'Namespaces of those pods, by label; {} is all of them.'),
  matchLabelKeys: f(list(string), 5, 'Labels of the incoming pod whose values those pods must share.', {
    listType: 'atomic',
  }),
  mismatchLabelKeys: f(list(string), 6, 'Labels of the incoming pod whose values those pods must not share.', {
    listType: 'atomic',
  }),
});
export type PodAffinityTerm = Infer<typeof podAffinityTerm>;

export const weightedPodAffinityTerm = object(
  'io.k8s.api.core.v1.WeightedPodAffinityTerm',
  'A term that is liked, and by how much.',
  {
    weight: req(int32, 1, 'How much it counts, from 1 to 100.'),
    podAffinityTerm: req(podAffinityTerm, 2, 'The pods to be near to or far from.', { always: {} }),
  },
);
export type WeightedPodAffinityTerm = Infer<typeof weightedPodAffinityTerm>;

export const podAffinity = object('io.k8s.api.core.v1.PodAffinity', 'Pods to be placed near.', {
  requiredDuringSchedulingIgnoredDuringExecution: f(list(podAffinityTerm), 1, 'Nearness that is needed.', {
    listType: 'atomic',
  }),
  preferredDuringSchedulingIgnoredDuringExecution: f(list(weightedPodAffinityTerm), 2, 'Nearness that is liked.', {
    listType: 'atomic',
  }),
});
export type PodAffinity = Infer<typeof podAffinity>;

export const podAntiAffinity = object('io.k8s.api.core.v1.PodAntiAffinity', 'Pods to be placed far from.', {
  requiredDuringSchedulingIgnoredDuringExecution: f(list(podAffinityTerm), 1, 'Distance that is needed.', {
    listType: 'atomic',
  }),
  preferredDuringSchedulingIgnoredDuringExecution: f(list(weightedPodAffinityTerm), 2, 'Distance that is liked.', {
    listType: 'atomic',
  }),
});
export type PodAntiAffinity = Infer<typeof podAntiAffinity>;

export const affinity = object(
  'io.k8s.api.core.v1.Affinity',
  'Where a pod is to be placed, by nodes and by other pods.',
  {
    nodeAffinity: f(nodeAffinity, 1, 'Nodes that are needed or liked.'),
    podAffinity: f(podAffinity, 2, 'Pods to be near to.'),
    podAntiAffinity: f(podAntiAffinity, 3, 'Pods to be far from.'),
  },
);
export type Affinity = Infer<typeof affinity>;
