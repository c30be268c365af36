import { f, int32, int64, object, objectMeta, req, string, time } from '#model';

export const autoscalingReferenceV1 = object(
  'io.k8s.api.autoscaling.v1.CrossVersionObjectReference',
  'Names an object of any kind in the same namespace.',
  {
    kind: req(string, 1, 'Kind of the object.'),
    name: req(string, 2, 'Name of the object.'),
    apiVersion: f(string, 3, 'Group and version of its kind.'),
  },
  { mapType: 'atomic' },
);

export const horizontalPodAutoscalerSpecV1 = object(
  'io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec',
  'What is scaled, within which bounds, and at which usage of cpu.',
  {
    scaleTargetRef: req(autoscalingReferenceV1, 1, 'The object that is scaled.', { always: {} }),
    minReplicas: f(int32, 2, 'Lower bound of the number of replicas; 1 if absent.', { fill: 1, pointer: true }),
    maxReplicas: req(int32, 3, 'Upper bound of the number of replicas.'),
    targetCPUUtilizationPercentage: f(
      int32,
      4,
      'Target of the average usage of cpu, in percent of what pods request.',
      {
        pointer: true,
      },
    ),
  },
);

export const horizontalPodAutoscalerStatusV1 = object(
  'io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus',
  'Result of the last calculation.',
  {
    observedGeneration: f(int64, 1, 'Generation that the status belongs to.', { pointer: true }),
    lastScaleTime: f(time, 2, 'When the number of replicas was last changed.'),
    currentReplicas: req(int32, 3, 'Number of replicas that was last seen.'),
    desiredReplicas: req(int32, 4, 'Number of replicas that was last calculated.'),
    currentCPUUtilizationPercentage: f(int32, 5, 'Average usage of cpu, in percent of what pods request.', {
      pointer: true,
    }),
  },
);

export const horizontalPodAutoscalerV1 = object(
  'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  'Keeps the number of replicas of an object in step with its usage of cpu.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(horizontalPodAutoscalerSpecV1, 2, 'What is scaled, within which bounds, and at which usage of cpu.', {
      always: {},
    }),
    status: f(horizontalPodAutoscalerStatusV1, 3, 'Result of the last calculation.', { always: {} }),
  },
  { gvk: ['autoscaling/v1 HorizontalPodAutoscaler'] },
);
