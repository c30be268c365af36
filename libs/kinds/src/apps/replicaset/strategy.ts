import type { Strategy } from '#model';
import { withTemplateDefaults } from '../../shared/pod-defaults.js';
import { podSpecWarnings } from '../../shared/validation/warnings.js';
import type { ReplicaSet } from './schema.js';
import { validateReplicaSet, validateReplicaSetStatus, validateReplicaSetUpdate } from './validate.js';

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  generation: 'managed',
  applyDefaults: withTemplate,
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  validateStatus: validateReplicaSetStatus,
  warnings: (object) => (object.spec.template?.spec ? podSpecWarnings('spec.template.spec', object.spec.template.spec) : []),
};

function withTemplate(object: ReplicaSet): ReplicaSet {
  if (!object.spec.template) return object;
  const template = withTemplateDefaults(object.spec.template);
  return template === object.spec.template ? object : { ...object, spec: { ...object.spec, template } };
}
