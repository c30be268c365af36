import { kindRef } from '#model';
import type { Pod } from '#pod';

export * from './indexes.js';
export const pods = kindRef<Pod>('core.pods');
export * from './kind.js';
