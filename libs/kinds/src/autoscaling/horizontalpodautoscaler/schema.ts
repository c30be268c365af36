import { f, type Infer, int32, int64, labelSelector, list, named, object, objectMeta, quantity } from '#model';
import { req, string, time, type Stored } from '#model';

export const autoscalingReference = object(
  'io.k8s.api.autoscaling.v2.CrossVersionObjectReference',
  'Names an object of any kind in the same namespace.',
  {
    kind: req(string, 1, 'Kind of the object.'),
    name: req(string, 2, 'Name of the object.'),
    apiVersion: f(string, 3, 'Group and version of its kind.'),
  },
);
export type AutoscalingReference = Infer<typeof autoscalingReference>;

export const metricIdentifier = object('io.k8s.api.autoscaling.v2.MetricIdentifier', 'Names a metric.', {
  name: req(string, 1, 'Name of the metric.'),
  selector: f(labelSelector, 2, 'Selects series of the metric by their labels.'),
});
export type MetricIdentifier = Infer<typeof metricIdentifier>;

export const metricTarget = object('io.k8s.api.autoscaling.v2.MetricTarget', 'Target value of a metric.', {
  type: req(named('v2.MetricTargetType'), 1, 'Utilization, Value or AverageValue.'),
  value: f(quantity, 2, 'Target value of the metric as a whole.'),
  averageValue: f(quantity, 3, 'Target of the average over all pods.'),
  averageUtilization: f(int32, 4, 'Target of the average over all pods, in percent of what they request.', {
    pointer: true,
  }),
});
export type MetricTarget = Infer<typeof metricTarget>;

const target = req(metricTarget, 2, 'Target value of the metric.', { always: {} });
const metric = req(metricIdentifier, 1, 'The metric.', { always: {} });

export const objectMetricSource = object(
  'io.k8s.api.autoscaling.v2.ObjectMetricSource',
  'A metric that describes one object of Kubernetes.',
  {
    describedObject: req(autoscalingReference, 1, 'Object that the metric describes.', { always: {} }),
    target,
    metric: req(metricIdentifier, 3, 'The metric.', { always: {} }),
  },
);
export type ObjectMetricSource = Infer<typeof objectMetricSource>;

export const podsMetricSource = object(
  'io.k8s.api.autoscaling.v2.PodsMetricSource',
  'A metric that describes each pod of the target; the average counts.',
  { metric, target },
);
export type PodsMetricSource = Infer<typeof podsMetricSource>;

export const resourceMetricSource = object(
  'io.k8s.api.autoscaling.v2.ResourceMetricSource',
  'Usage of a resource by each pod of the target.',
  { name: req(named('v1.ResourceName'), 1, 'Name of the resource, such as cpu.'), target },
);
export type ResourceMetricSource = Infer<typeof resourceMetricSource>;

export const containerResourceMetricSource = object(
  'io.k8s.api.autoscaling.v2.ContainerResourceMetricSource',
  'Usage of a resource by one container in each pod of the target.',
  {
    name: req(named('v1.ResourceName'), 1, 'Name of the resource, such as cpu.'),
    target,
    container: req(string, 3, 'Name of the container.'),
  },
);
export type ContainerResourceMetricSource = Infer<typeof containerResourceMetricSource>;

export const externalMetricSource = object(
  'io.k8s.api.autoscaling.v2.ExternalMetricSource',
  'A metric of something outside of the cluster.',
  { metric, target },
);
export type ExternalMetricSource = Infer<typeof externalMetricSource>;

export const metricSpec = object('io.k8s.api.autoscaling.v2.MetricSpec', 'A metric to scale by.', {
  type: req(named('v2.MetricSourceType'), 1, 'ContainerResource, External, Object, Pods or Resource.'),
  object: f(objectMetricSource, 2, 'A metric that describes one object of Kubernetes.'),
  pods: f(podsMetricSource, 3, 'A metric that describes each pod.'),
  resource: f(resourceMetricSource, 4, 'Usage of a resource by each pod.'),
  external: f(externalMetricSource, 5, 'A metric of something outside of the cluster.'),
  containerResource: f(containerResourceMetricSource, 7, 'Usage of a resource by one container in each pod.'),
});
export type MetricSpec = Infer<typeof metricSpec>;

export const hpaScalingPolicy = object(
  'io.k8s.api.autoscaling.v2.HPAScalingPolicy',
  'Limits a change within a period.',
  {
    type: req(named('v2.HPAScalingPolicyType'), 1, 'Pods or Percent.'),
    value: req(int32, 2, 'Greatest change, as a number of pods or as a percentage.'),
    periodSeconds: req(int32, 3, 'Length of the period in seconds, at most 1800.'),
  },
);
export type HPAScalingPolicy = Infer<typeof hpaScalingPolicy>;

export const hpaScalingRules = object('io.k8s.api.autoscaling.v2.HPAScalingRules', 'Rules of one direction.', {
  selectPolicy: f(named('v2.ScalingPolicySelect'), 1, 'Which policy counts: Max, Min, or Disabled for no change.'),
  policies: f(list(hpaScalingPolicy), 2, 'Policies that limit a change.', { listType: 'atomic', pointer: true }),
  stabilizationWindowSeconds: f(int32, 3, 'Seconds for which past recommendations count; 300 down, 0 up.', {
    pointer: true,
  }),
  tolerance: f(quantity, 4, 'Deviation of a metric from its target that changes nothing; 0.1 of the cluster.'),
});
export type HPAScalingRules = Infer<typeof hpaScalingRules>;

export const horizontalPodAutoscalerBehavior = object(
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior',
  'Rules of both directions.',
  {
    scaleUp: f(hpaScalingRules, 1, 'Rules of scaling up.'),
    scaleDown: f(hpaScalingRules, 2, 'Rules of scaling down.'),
  },
);
export type HorizontalPodAutoscalerBehavior = Infer<typeof horizontalPodAutoscalerBehavior>;

export const horizontalPodAutoscalerSpec = object(
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec',
  'What is scaled, within which bounds, and by which metrics.',
  {
    scaleTargetRef: req(autoscalingReference, 1, 'The object that is scaled.', { always: {} }),
    minReplicas: f(int32, 2, 'Lower bound of the number of replicas; 1 if absent.', { fill: 1, pointer: true }),
    maxReplicas: req(int32, 3, 'Upper bound of the number of replicas.'),
    metrics: f(list(metricSpec), 4, 'Metrics; the one that asks for most replicas counts.', { listType: 'atomic' }),
    behavior: f(horizontalPodAutoscalerBehavior, 5, 'Rules of scaling up and down.'),
  },
);
export type HorizontalPodAutoscalerSpec = Infer<typeof horizontalPodAutoscalerSpec>;

export const metricValueStatus = object('io.k8s.api.autoscaling.v2.MetricValueStatus', 'Current value of a metric.', {
  value: f(quantity, 1, 'Value of the metric as a whole.'),
  averageValue: f(quantity, 2, 'Average over all pods.'),
  averageUtilization: f(int32, 3, 'Average over all pods, in percent of what they request.', { pointer: true }),
});
export type MetricValueStatus = Infer<typeof metricValueStatus>;

const current = req(metricValueStatus, 2, 'Current value of the metric.', { always: {} });

export const objectMetricStatus = object(
  'io.k8s.api.autoscaling.v2.ObjectMetricStatus',
  'Current value of a metric that describes one object of Kubernetes.',
  {
    metric,
    current,
    describedObject: req(autoscalingReference, 3, 'Object that the metric describes.', { always: {} }),
  },
);
export type ObjectMetricStatus = Infer<typeof objectMetricStatus>;

export const podsMetricStatus = object(
  'io.k8s.api.autoscaling.v2.PodsMetricStatus',
  'Current value of a metric that describes each pod.',
  { metric, current },
);
export type PodsMetricStatus = Infer<typeof podsMetricStatus>;

export const resourceMetricStatus = object(
  'io.k8s.api.autoscaling.v2.ResourceMetricStatus',
  'Current usage of a resource by the pods.',
  { name: req(named('v1.ResourceName'), 1, 'Name of the resource.'), current },
);
export type ResourceMetricStatus = Infer<typeof resourceMetricStatus>;

export const containerResourceMetricStatus = object(
  'io.k8s.api.autoscaling.v2.ContainerResourceMetricStatus',
  'Current usage of a resource by one container in each pod.',
  {
    name: req(named('v1.ResourceName'), 1, 'Name of the resource.'),
    current,
    container: req(string, 3, 'Name of the container.'),
  },
);
export type ContainerResourceMetricStatus = Infer<typeof containerResourceMetricStatus>;

export const externalMetricStatus = object(
  'io.k8s.api.autoscaling.v2.ExternalMetricStatus',
  'Current value of a metric of something outside of the cluster.',
  { metric, current },
);
export type ExternalMetricStatus = Infer<typeof externalMetricStatus>;

export const metricStatus = object('io.k8s.api.autoscaling.v2.MetricStatus', 'Last known value of a metric.', {
  type: req(named('v2.MetricSourceType'), 1, 'ContainerResource, External, Object, Pods or Resource.'),
  object: f(objectMetricStatus, 2, 'Of a metric that describes one object of Kubernetes.'),
  pods: f(podsMetricStatus, 3, 'Of a metric that describes each pod.'),
  resource: f(resourceMetricStatus, 4, 'Usage of a resource by the pods.'),
  external: f(externalMetricStatus, 5, 'Of a metric of something outside of the cluster.'),
  containerResource: f(containerResourceMetricStatus, 7, 'Usage of a resource by one container in each pod.'),
});
export type MetricStatus = Infer<typeof metricStatus>;

export const horizontalPodAutoscalerCondition = object(
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition',
  "One aspect of an autoscaler's state.",
  {
    type: req(named('v2.HorizontalPodAutoscalerConditionType'), 1, 'ScalingActive, AbleToScale or ScalingLimited.'),
    status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
    lastTransitionTime: f(time, 3, 'When the status last changed.', { always: null }),
    reason: f(string, 4, 'Why the status is what it is, in one CamelCase word.'),
    message: f(string, 5, 'What it means, for people.'),
  },
);
export type HorizontalPodAutoscalerCondition = Infer<typeof horizontalPodAutoscalerCondition>;

export const horizontalPodAutoscalerStatus = object(
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus',
  'Result of the last calculation.',
  {
    observedGeneration: f(int64, 1, 'Generation that the status belongs to.', { pointer: true }),
    lastScaleTime: f(time, 2, 'When the number of replicas was last changed.'),
    currentReplicas: f(int32, 3, 'Number of replicas that was last seen.'),
    desiredReplicas: req(int32, 4, 'Number of replicas that was last calculated.'),
    currentMetrics: f(list(metricStatus), 5, 'Last known values of the metrics.', { listType: 'atomic', always: null }),
    conditions: f(list(horizontalPodAutoscalerCondition), 6, 'Aspects of its state.', {
      listType: 'map',
      mapKeys: ['type'],
      mergeKey: 'type',
      patchStrategy: 'merge',
    }),
  },
);
export type HorizontalPodAutoscalerStatus = Infer<typeof horizontalPodAutoscalerStatus>;

export const horizontalPodAutoscaler = object(
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'Keeps the number of replicas of an object in step with its metrics.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(horizontalPodAutoscalerSpec, 2, 'What is scaled, within which bounds, and by which metrics.', {
      always: {},
    }),
    status: f(horizontalPodAutoscalerStatus, 3, 'Result of the last calculation.', { always: {} }),
  },
  { gvk: ['autoscaling/v2 HorizontalPodAutoscaler'] },
);
export type HorizontalPodAutoscaler = Stored<typeof horizontalPodAutoscaler, 'spec'>;
