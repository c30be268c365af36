import { kindRef } from '#model';
import type { CustomResourceDefinition } from './schema.js';

export * from './schema.js';
export const customResourceDefinitions = kindRef<CustomResourceDefinition>(
  'apiextensions.k8s.io.customresourcedefinitions',
);
export { CLEANUP_FINALIZER } from './strategy.js';
export * from './kind.js';
