import { kindRef } from '#model';
import type { Node } from './schema.js';

export * from './schema.js';
export * from './spec.schema.js';
export * from './status.schema.js';
export const nodes = kindRef<Node>('core.nodes');
export * from './kind.js';
