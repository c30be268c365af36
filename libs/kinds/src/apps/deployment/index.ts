import { kindRef } from '#model';
import type { Deployment } from './schema.js';

export * from './schema.js';
export const deployments = kindRef<Deployment>('apps.deployments');
export * from './kind.js';
