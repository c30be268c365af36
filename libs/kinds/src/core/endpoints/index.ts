import { kindRef } from '#model';
import type { Endpoints } from './schema.js';

export * from './schema.js';
export const endpointsRef = kindRef<Endpoints>('core.endpoints');
export * from './kind.js';
