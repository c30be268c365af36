import { kindRef } from '#model';
import type { RuntimeClass } from './schema.js';

export type { RuntimeClass } from './schema.js';
export const runtimeClasses = kindRef<RuntimeClass>('node.k8s.io.runtimeclasses');
