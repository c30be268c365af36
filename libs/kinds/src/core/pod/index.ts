import { kindRef } from '#model';
import type { Pod } from './schema.js';

export * from './schema.js';
export * from './status.schema.js';
export * from './requests.js';
export * from './indexes.js';
export const pods = kindRef<Pod>('core.pods');
export * from './kind.js';
