import type { Strategy } from '#model';
import type { ReplicaSet } from './schema.js';

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  generation: 'managed',
};
