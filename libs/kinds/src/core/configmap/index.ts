import { kindRef } from '#model';
import type { ConfigMap } from './schema.js';

export * from './schema.js';
export const configMaps = kindRef<ConfigMap>('core.configmaps');
export * from './kind.js';
