import type { AdmissionPlugin } from '#model';
import { namespaceLifecycle } from './namespace-lifecycle.js';

/** In the order in which a write meets them. */
export const builtinAdmission: readonly AdmissionPlugin[] = [namespaceLifecycle];
