import { f, object, type KubeObject } from '#model';
import { measuredFields, METRICS_TYPES, usageType, type Usage } from '../usage.js';

export const nodeMetrics = object(
  `${METRICS_TYPES}.NodeMetrics`,
  'What a node used in an interval.',
  {
    ...measuredFields,
    usage: f(usageType, 4, 'Use of processors on average, and of memory at the end of the interval.', { always: {} }),
  },
  { gvk: ['metrics.k8s.io/v1beta1 NodeMetrics'] },
);
export interface NodeMetricsObject extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  readonly usage: Usage;
}
