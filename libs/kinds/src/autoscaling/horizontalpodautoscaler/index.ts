import { kindRef } from '#model';
import type { HorizontalPodAutoscaler } from './schema.js';

export { SCALE_DOWN_RULES, SCALE_UP_RULES } from './defaults.js';
export { AUTOSCALER_MEMORY } from './memory.js';
export { SCALE_ON_PRESSURE } from './pressure.js';
export * from './schema.js';
export * from './v1.schema.js';
export const horizontalPodAutoscalers = kindRef<HorizontalPodAutoscaler>('autoscaling.horizontalpodautoscalers');
