import { kindRef } from '#model';
import type { Namespace } from './schema.js';

export * from './schema.js';
export const namespaces = kindRef<Namespace>('core.namespaces');
export * from './kind.js';
