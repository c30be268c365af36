import { f, type Infer, int32, list, object, req, string } from '#model';
import { labelSelector } from './meta.schema.js';

export const nodeSelectorRequirement = object('io.k8s.api.core.v1.NodeSelectorRequirement', '', {
  key: req(string, 1, ''),
  operator: req(string, 2, ''),
  values: f(list(string), 3, '', { listType: 'atomic' }),
});
export type NodeSelectorRequirement = Infer<typeof nodeSelectorRequirement>;

export const nodeSelectorTerm = object(
  'io.k8s.api.core.v1.NodeSelectorTerm',
  '',
  {
    matchExpressions: f(list(nodeSelectorRequirement), 1, '', { listType: 'atomic' }),
    matchFields: f(list(nodeSelectorRequirement), 2, '', { listType: 'atomic' }),
  },
  { mapType: 'atomic' },
);
export type NodeSelectorTerm = Infer<typeof nodeSelectorTerm>;

export const preferredSchedulingTerm = object('io.k8s.api.core.v1.PreferredSchedulingTerm', '', {
  preference: req(nodeSelectorTerm, 2, '', { always: {} }),
  weight: req(int32, 1, ''),
});
export type PreferredSchedulingTerm = Infer<typeof preferredSchedulingTerm>;

export const nodeSelector = object(
  'io.k8s.api.core.v1.NodeSelector',
  '',
  {
    nodeSelectorTerms: req(list(nodeSelectorTerm), 1, '', { listType: 'atomic', always: null }),
  },
  { mapType: 'atomic' },
);
export type NodeSelector = Infer<typeof nodeSelector>;

export const nodeAffinity = object('io.k8s.api.core.v1.NodeAffinity', '', {
  preferredDuringSchedulingIgnoredDuringExecution: f(list(preferredSchedulingTerm), 2, '', { listType: 'atomic' }),
  requiredDuringSchedulingIgnoredDuringExecution: f(nodeSelector, 1, ''),
});
export type NodeAffinity = Infer<typeof nodeAffinity>;

export const podAffinityTerm = object('io.k8s.api.core.v1.PodAffinityTerm', '', {
  labelSelector: f(labelSelector, 1, ''),
  matchLabelKeys: f(list(string), 5, '', { listType: 'atomic' }),
  mismatchLabelKeys: f(list(string), 6, '', { listType: 'atomic' }),
  namespaceSelector: f(labelSelector, 4, ''),
  namespaces: f(list(string), 2, '', { listType: 'atomic' }),
  topologyKey: req(string, 3, ''),
});
export type PodAffinityTerm = Infer<typeof podAffinityTerm>;

export const weightedPodAffinityTerm = object('io.k8s.api.core.v1.WeightedPodAffinityTerm', '', {
  podAffinityTerm: req(podAffinityTerm, 2, '', { always: {} }),
  weight: req(int32, 1, ''),
});
export type WeightedPodAffinityTerm = Infer<typeof weightedPodAffinityTerm>;

export const podAffinity = object('io.k8s.api.core.v1.PodAffinity', '', {
  preferredDuringSchedulingIgnoredDuringExecution: f(list(weightedPodAffinityTerm), 2, '', { listType: 'atomic' }),
  requiredDuringSchedulingIgnoredDuringExecution: f(list(podAffinityTerm), 1, '', { listType: 'atomic' }),
});
export type PodAffinity = Infer<typeof podAffinity>;

export const podAntiAffinity = object('io.k8s.api.core.v1.PodAntiAffinity', '', {
  preferredDuringSchedulingIgnoredDuringExecution: f(list(weightedPodAffinityTerm), 2, '', { listType: 'atomic' }),
  requiredDuringSchedulingIgnoredDuringExecution: f(list(podAffinityTerm), 1, '', { listType: 'atomic' }),
});
export type PodAntiAffinity = Infer<typeof podAntiAffinity>;

export const affinity = object('io.k8s.api.core.v1.Affinity', '', {
  nodeAffinity: f(nodeAffinity, 1, ''),
  podAffinity: f(podAffinity, 2, ''),
  podAntiAffinity: f(podAntiAffinity, 3, ''),
});
export type Affinity = Infer<typeof affinity>;
