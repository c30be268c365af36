import type { Strategy } from '#model';
import { templateRules } from '../../pod-template/template-rules.js';
import type { ReplicaSet } from './schema.js';
import { validateReplicaSet, validateReplicaSetStatus, validateReplicaSetUpdate } from './validate.js';

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  generation: 'managed',
  ...templateRules<ReplicaSet>(),
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  validateStatus: validateReplicaSetStatus,
};
