import { kindRef } from '#model';
import type { Secret } from './schema.js';

export * from './bootstrap-token.js';
export * from './schema.js';
export const secrets = kindRef<Secret>('core.secrets');
export * from './kind.js';
