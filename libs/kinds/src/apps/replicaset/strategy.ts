import type { Strategy } from '#model';
import { templateWithoutDisabledFields } from '../../shared/disabled-fields.js';
import { withTemplateDefaults } from '../../shared/pod-defaults.js';
import { nameWarnings } from '../../shared/validation/name-warnings.js';
import { podSpecWarnings } from '../../shared/validation/warnings.js';
import type { ReplicaSet } from './schema.js';
import { validateReplicaSet, validateReplicaSetStatus, validateReplicaSetUpdate } from './validate.js';

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  generation: 'managed',
  applyDefaults: withTemplate,
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  validateStatus: validateReplicaSetStatus,
  prepareCreate: prepared,
  prepareUpdate: prepared,
  warnings,
};

function withTemplate(object: ReplicaSet): ReplicaSet {
  if (!object.spec.template) return object;
  const template = withTemplateDefaults(object.spec.template);
  return template === object.spec.template ? object : { ...object, spec: { ...object.spec, template } };
}

function prepared(object: ReplicaSet): ReplicaSet {
  if (!object.spec.template) return object;
  return { ...object, spec: { ...object.spec, template: templateWithoutDisabledFields(object.spec.template) } };
}

/** A change that leaves the wish as it was is not warned of again. */
function warnings(object: ReplicaSet, old: ReplicaSet | undefined): readonly string[] {
  if (old && object.metadata.generation === old.metadata.generation) return [];
  const spec = object.spec.template?.spec;
  return [
    ...(old ? [] : nameWarnings(object.metadata.name, 'Pod names and hostnames')),
    ...(spec ? podSpecWarnings('spec.template.spec', spec) : []),
  ];
}
