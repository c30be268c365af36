import { f, type Infer, int32, int64, list, object, req, string, time } from '#model';
import { labelSelector, objectMeta } from '../../shared/meta.schema.js';
import { podTemplateSpec } from '../../shared/pod-template.schema.js';
import type { Stored } from '../../shared/stored.js';

export const replicaSetSpec = object('io.k8s.api.apps.v1.ReplicaSetSpec', '', {
  minReadySeconds: f(int32, 4, ''),
  replicas: f(int32, 1, '', { fill: 1, pointer: true }),
  selector: req(labelSelector, 2, '', { always: null }),
  template: f(podTemplateSpec, 3, '', { always: {} }),
});
export type ReplicaSetSpec = Infer<typeof replicaSetSpec>;

export const replicaSetCondition = object('io.k8s.api.apps.v1.ReplicaSetCondition', '', {
  lastTransitionTime: f(time, 3, '', { always: null }),
  message: f(string, 5, ''),
  reason: f(string, 4, ''),
  status: req(string, 2, ''),
  type: req(string, 1, ''),
});
export type ReplicaSetCondition = Infer<typeof replicaSetCondition>;

export const replicaSetStatus = object('io.k8s.api.apps.v1.ReplicaSetStatus', '', {
  availableReplicas: f(int32, 5, ''),
  conditions: f(list(replicaSetCondition), 6, '', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  fullyLabeledReplicas: f(int32, 2, ''),
  observedGeneration: f(int64, 3, ''),
  readyReplicas: f(int32, 4, ''),
  replicas: req(int32, 1, ''),
  terminatingReplicas: f(int32, 7, '', { pointer: true }),
});
export type ReplicaSetStatus = Infer<typeof replicaSetStatus>;

export const replicaSet = object(
  'io.k8s.api.apps.v1.ReplicaSet',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(replicaSetSpec, 2, '', { always: {} }),
    status: f(replicaSetStatus, 3, '', { always: {} }),
  },
  { gvk: ['apps/v1 ReplicaSet'] },
);
export type ReplicaSet = Stored<typeof replicaSet, 'spec'>;
