import { boolean, f, type Infer, int32, int64, intOrString, list, object, req, string, time } from '#model';
import { labelSelector, objectMeta } from '../../shared/meta.schema.js';
import { podTemplateSpec } from '../../shared/pod-template.schema.js';
import type { Stored } from '../../shared/stored.js';

export const rollingUpdateDeployment = object('io.k8s.api.apps.v1.RollingUpdateDeployment', '', {
  maxSurge: f(intOrString, 2, '', { pointer: true }),
  maxUnavailable: f(intOrString, 1, '', { pointer: true }),
});
export type RollingUpdateDeployment = Infer<typeof rollingUpdateDeployment>;

export const deploymentStrategy = object('io.k8s.api.apps.v1.DeploymentStrategy', '', {
  rollingUpdate: f(rollingUpdateDeployment, 2, ''),
  type: f(string, 1, '', { fill: 'RollingUpdate' }),
});
export type DeploymentStrategy = Infer<typeof deploymentStrategy>;

export const deploymentSpec = object('io.k8s.api.apps.v1.DeploymentSpec', '', {
  minReadySeconds: f(int32, 5, ''),
  paused: f(boolean, 7, ''),
  progressDeadlineSeconds: f(int32, 9, '', { fill: 600, pointer: true }),
  replicas: f(int32, 1, '', { fill: 1, pointer: true }),
  revisionHistoryLimit: f(int32, 6, '', { fill: 10, pointer: true }),
  selector: req(labelSelector, 2, '', { always: null }),
  strategy: f(deploymentStrategy, 4, '', { patchStrategy: 'retainKeys', always: {} }),
  template: req(podTemplateSpec, 3, '', { always: {} }),
});
export type DeploymentSpec = Infer<typeof deploymentSpec>;

export const deploymentCondition = object('io.k8s.api.apps.v1.DeploymentCondition', '', {
  lastTransitionTime: f(time, 7, '', { always: null }),
  lastUpdateTime: f(time, 6, '', { always: null }),
  message: f(string, 5, ''),
  reason: f(string, 4, ''),
  status: req(string, 2, ''),
  type: req(string, 1, ''),
});
export type DeploymentCondition = Infer<typeof deploymentCondition>;

export const deploymentStatus = object('io.k8s.api.apps.v1.DeploymentStatus', '', {
  availableReplicas: f(int32, 4, ''),
  collisionCount: f(int32, 8, '', { pointer: true }),
  conditions: f(list(deploymentCondition), 6, '', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  observedGeneration: f(int64, 1, ''),
  readyReplicas: f(int32, 7, ''),
  replicas: f(int32, 2, ''),
  terminatingReplicas: f(int32, 9, '', { pointer: true }),
  unavailableReplicas: f(int32, 5, ''),
  updatedReplicas: f(int32, 3, ''),
});
export type DeploymentStatus = Infer<typeof deploymentStatus>;

export const deployment = object(
  'io.k8s.api.apps.v1.Deployment',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(deploymentSpec, 2, '', { always: {} }),
    status: f(deploymentStatus, 3, '', { always: {} }),
  },
  { gvk: ['apps/v1 Deployment'] },
);
export type Deployment = Stored<typeof deployment, 'spec'>;
