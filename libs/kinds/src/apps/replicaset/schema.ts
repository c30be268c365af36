import { f, type Infer, int32, int64, list, named, object, req, string, time, labelSelector, objectMeta } from '#model';
import type { Stored } from '#model';
import { podTemplateSpec } from '#pod';

export const replicaSetSpec = object('io.k8s.api.apps.v1.ReplicaSetSpec', 'How many pods are wanted, and like what.', {
  replicas: f(int32, 1, 'How many pods are wanted; 1 where nothing is said.', { fill: 1, pointer: true }),
  minReadySeconds: f(int32, 4, 'Seconds that a new pod must be ready before it counts as available.'),
  selector: req(labelSelector, 2, 'Labels of the pods that are counted.', { always: null }),
  template: f(podTemplateSpec, 3, 'What pods are made like.', { always: {} }),
});
export type ReplicaSetSpec = Infer<typeof replicaSetSpec>;

export const replicaSetCondition = object(
  'io.k8s.api.apps.v1.ReplicaSetCondition',
  "One aspect of a replica set's state.",
  {
    type: req(named('v1.ReplicaSetConditionType'), 1, 'Name of the aspect.'),
    status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
    lastTransitionTime: f(time, 3, 'When the status last changed.', { always: null }),
    reason: f(string, 4, 'Why the status is what it is, in one CamelCase word.'),
    message: f(string, 5, 'What it means, for people.'),
  },
);
export type ReplicaSetCondition = Infer<typeof replicaSetCondition>;

export const replicaSetStatus = object('io.k8s.api.apps.v1.ReplicaSetStatus', 'State of a replica set.', {
  replicas: req(int32, 1, 'Pods that there are.'),
  fullyLabeledReplicas: f(int32, 2, 'Pods that have all labels of the template.'),
  readyReplicas: f(int32, 4, 'Pods that are ready.'),
  availableReplicas: f(int32, 5, 'Pods that have been ready for minReadySeconds.'),
  terminatingReplicas: f(int32, 7, 'Pods that are on their way out.', { pointer: true }),
  observedGeneration: f(int64, 3, 'Generation that this state belongs to.'),
  conditions: f(list(replicaSetCondition), 6, 'Aspects of its state.', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
});
export type ReplicaSetStatus = Infer<typeof replicaSetStatus>;

export const replicaSet = object(
  'io.k8s.api.apps.v1.ReplicaSet',
  'Keeps a number of like pods running.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(replicaSetSpec, 2, 'How many pods are wanted, and like what.', { always: {} }),
    status: f(replicaSetStatus, 3, 'How many there are.', { always: {} }),
  },
  { gvk: ['apps/v1 ReplicaSet'] },
);
export type ReplicaSet = Stored<typeof replicaSet, 'spec'>;
