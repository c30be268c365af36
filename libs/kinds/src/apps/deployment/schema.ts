import {
  boolean,
  f,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  named,
  object,
  req,
  string,
  time,
  labelSelector,
  objectMeta,
} from '#model';
import type { Stored } from '#model';
import { podTemplateSpec } from '#pod';

export const rollingUpdateDeployment = object(
  'io.k8s.api.apps.v1.RollingUpdateDeployment',
  'How fast pods are replaced.',
  {
    maxUnavailable: f(intOrString, 1, 'How many pods less than wanted may be available; a number or a percentage.', {
      pointer: true,
    }),
    maxSurge: f(intOrString, 2, 'How many pods more than wanted there may be; a number or a percentage.', {
      pointer: true,
    }),
  },
);
export type RollingUpdateDeployment = Infer<typeof rollingUpdateDeployment>;

export const deploymentStrategy = object(
  'io.k8s.api.apps.v1.DeploymentStrategy',
  'How old pods are replaced by new ones.',
  {
    type: f(named('v1.DeploymentStrategyType'), 1, 'RollingUpdate, or Recreate to end all old ones first.', {
      fill: 'RollingUpdate',
    }),
    rollingUpdate: f(rollingUpdateDeployment, 2, 'How fast it goes; for RollingUpdate alone.'),
  },
);
export type DeploymentStrategy = Infer<typeof deploymentStrategy>;

export const deploymentSpec = object(
  'io.k8s.api.apps.v1.DeploymentSpec',
  'What is to run, how many times, and how changes are made.',
  {
    replicas: f(int32, 1, 'How many pods are wanted; 1 where nothing is said.', { fill: 1, pointer: true }),
    selector: req(labelSelector, 2, 'Labels of the pods that belong to it; never changes.', { always: null }),
    template: req(podTemplateSpec, 3, 'What pods are made like.', { always: {} }),
    strategy: f(deploymentStrategy, 4, 'How old pods are replaced by new ones.', {
      patchStrategy: 'retainKeys',
      always: {},
    }),
    minReadySeconds: f(int32, 5, 'Seconds that a new pod must be ready before it counts as available.'),
    revisionHistoryLimit: f(int32, 6, 'How many old replica sets are kept to go back to.', { fill: 10, pointer: true }),
    paused: f(boolean, 7, 'Whether changes of the template wait.'),
    progressDeadlineSeconds: f(int32, 9, 'Seconds without progress after which a rollout counts as failed.', {
      fill: 600,
      pointer: true,
    }),
  },
);
export type DeploymentSpec = Infer<typeof deploymentSpec>;

export const deploymentCondition = object(
  'io.k8s.api.apps.v1.DeploymentCondition',
  "One aspect of a deployment's state.",
  {
    type: req(named('v1.DeploymentConditionType'), 1, 'Available, Progressing or ReplicaFailure.'),
    status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
    lastUpdateTime: f(time, 6, 'When the condition was last written.', { always: null }),
    lastTransitionTime: f(time, 7, 'When the status last changed.', { always: null }),
    reason: f(string, 4, 'Why the status is what it is, in one CamelCase word.'),
    message: f(string, 5, 'What it means, for people.'),
  },
);
export type DeploymentCondition = Infer<typeof deploymentCondition>;

export const deploymentStatus = object('io.k8s.api.apps.v1.DeploymentStatus', 'State of a deployment.', {
  observedGeneration: f(int64, 1, 'Generation that this state belongs to.'),
  replicas: f(int32, 2, 'Pods that there are.'),
  updatedReplicas: f(int32, 3, 'Pods of the newest template.'),
  readyReplicas: f(int32, 7, 'Pods that are ready.'),
  availableReplicas: f(int32, 4, 'Pods that have been ready for minReadySeconds.'),
  unavailableReplicas: f(int32, 5, 'Pods that are still missing.'),
  terminatingReplicas: f(int32, 9, 'Pods that are on their way out.', { pointer: true }),
  conditions: f(list(deploymentCondition), 6, 'Aspects of its state.', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  collisionCount: f(int32, 8, "How often a new replica set's name was already taken.", { pointer: true }),
});
export type DeploymentStatus = Infer<typeof deploymentStatus>;

export const deployment = object(
  'io.k8s.api.apps.v1.Deployment',
  'Keeps like pods running and brings changes to them step by step.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(deploymentSpec, 2, 'What is to run, how many times, and how changes are made.', { always: {} }),
    status: f(deploymentStatus, 3, 'How far it is.', { always: {} }),
  },
  { gvk: ['apps/v1 Deployment'] },
);
export type Deployment = Stored<typeof deployment, 'spec'>;
