import { standardKind } from '#model';
import { horizontalPodAutoscalerColumns } from './columns.js';
import { horizontalPodAutoscaler, type HorizontalPodAutoscaler } from './schema.js';
import { horizontalPodAutoscalerRules } from './strategy.js';
import { v1Version } from './v1.js';

/** Keeps the number of replicas of an object that has a scale in step with metrics. */
export const horizontalPodAutoscalerKind = standardKind<HorizontalPodAutoscaler>({
  names: {
    group: 'autoscaling',
    version: 'v2',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
    categories: ['all'],
    namespaced: true,
  },
  schema: horizontalPodAutoscaler,
  columns: horizontalPodAutoscalerColumns,
  served: [v1Version],
  subresources: [{ name: 'status', kind: 'HorizontalPodAutoscaler', verbs: ['get', 'patch', 'update'] }],
  strategy: horizontalPodAutoscalerRules,
});
