import { kindRef } from '#model';
import type { PodTemplate } from './schema.js';

export * from './schema.js';
export const podTemplates = kindRef<PodTemplate>('core.podtemplates');
export * from './kind.js';
