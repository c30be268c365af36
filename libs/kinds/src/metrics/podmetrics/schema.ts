import { f, list, object, req, string, type KubeObject } from '#model';
import { measuredFields, METRICS_TYPES, usageType, type Usage } from '../usage.js';

const containerMetrics = object(`${METRICS_TYPES}.ContainerMetrics`, 'What a container used in an interval.', {
  name: req(string, 1, 'Name of the container.'),
  usage: f(usageType, 2, 'Use of processors on average, and of memory at the end of the interval.', { always: {} }),
});

export const podMetrics = object(
  `${METRICS_TYPES}.PodMetrics`,
  'What the containers of a pod used in an interval.',
  {
    ...measuredFields,
    containers: f(list(containerMetrics), 4, 'Its running containers.', { always: null, listType: 'atomic' }),
  },
  { gvk: ['metrics.k8s.io/v1beta1 PodMetrics'] },
);
export interface PodMetricsObject extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  /** Null where nothing is known of the object, as in a bookmark. */
  readonly containers: null | readonly { readonly name: string; readonly usage: Usage }[];
}
