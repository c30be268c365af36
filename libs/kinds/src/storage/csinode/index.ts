import { kindRef } from '#model';
import type { CsiNode } from './schema.js';

export * from './schema.js';
export const csiNodes = kindRef<CsiNode>('storage.k8s.io.csinodes');
