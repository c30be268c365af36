import { kindRef } from '#model';
import type { CoreEvent } from './schema.js';

export * from './schema.js';
export const events = kindRef<CoreEvent>('core.events');
export * from './kind.js';
