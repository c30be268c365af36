import { kindRef } from '#model';
import type { ReplicaSet } from './schema.js';

export * from './schema.js';
export const replicaSets = kindRef<ReplicaSet>('apps.replicasets');
export * from './kind.js';
