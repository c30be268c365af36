import type { Strategy } from '#model';
import { withDefaults } from './defaults.js';
import { withMemoryOf } from './memory.js';
import type { HorizontalPodAutoscaler } from './schema.js';
import { validateAutoscaler, validateAutoscalerStatus, validateAutoscalerUpdate } from './validate.js';

export const horizontalPodAutoscalerRules: Strategy<HorizontalPodAutoscaler> = {
  applyDefaults: withDefaults,
  prepareCreate: (object) => ({ ...object, metadata: withMemoryOf(object.metadata, undefined) }),
  prepareUpdate: (object, old) => ({ ...object, metadata: withMemoryOf(object.metadata, old.metadata) }),
  validate: validateAutoscaler,
  validateUpdate: validateAutoscalerUpdate,
  validateStatus: validateAutoscalerStatus,
};
