import { withoutRoundTrip } from './round-trip.js';
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec } from './schema.js';

/** What is scaled by where no metric is given. */
export const DEFAULT_METRICS: readonly MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
];
/** Rules of a direction of which the behavior says nothing. */
export const SCALE_UP_RULES: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
  stabilizationWindowSeconds: 0,
};
/** The window of scaling down is the cluster's where it is absent. */
export const SCALE_DOWN_RULES: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

/** Defaults that look at more than one field. What v1 shows in annotations is in none that is stored. */
export function withDefaults(given: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const metadata = withoutRoundTrip(given.metadata);
  const object = metadata === given.metadata ? given : { ...given, metadata };
  const { metrics, behavior } = object.spec;
  const needsMetrics = (metrics?.length ?? 0) === 0;
  if (!needsMetrics && behavior === undefined) return object;
  return {
    ...object,
    spec: {
      ...object.spec,
      ...(needsMetrics && { metrics: DEFAULT_METRICS }),
      ...(behavior && {
        behavior: {
          scaleDown: { ...SCALE_DOWN_RULES, ...behavior.scaleDown },
          scaleUp: { ...SCALE_UP_RULES, ...behavior.scaleUp },
        },
      }),
    },
  };
}
