import type { Strategy } from '#model';
import { jsonEquals } from '#std';
import { templateWithoutDisabledFields } from '../../shared/disabled-fields.js';
import { withTemplateDefaults } from '../../shared/pod-defaults.js';
import { nameWarnings } from '../../shared/validation/name-warnings.js';
import { podSpecWarnings } from '../../shared/validation/warnings.js';
import type { Deployment } from './schema.js';
import { validateDeployment, validateDeploymentStatus, validateDeploymentUpdate } from './validate.js';

export const deploymentRules: Strategy<Deployment> = {
  generation: 'managed',
  // Annotations are the wish of a user here: a change of them counts, labels do not.
  generationGrows: (object, old) =>
    !jsonEquals(object.spec, old.spec) ||
    !jsonEquals(object.metadata.annotations ?? {}, old.metadata.annotations ?? {}),
  applyDefaults: (object) => withTemplate(withRollingUpdate(object)),
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  validateStatus: validateDeploymentStatus,
  prepareCreate: prepared,
  prepareUpdate: prepared,
  warnings,
  statusMetadata: (written, old) => {
    const { labels: _labels, ...metadata } = written.metadata;
    return { ...metadata, ...(old.metadata.labels && { labels: old.metadata.labels }) };
  },
  unowned: { '': [['status']], status: [['spec'], ['metadata', 'labels']] },
  eventOf,
};

function withRollingUpdate(object: Deployment): Deployment {
  const strategy = object.spec.strategy;
  if (strategy?.type !== 'RollingUpdate') return object;
  const { rollingUpdate } = strategy;
  if (rollingUpdate?.maxSurge !== undefined && rollingUpdate.maxUnavailable !== undefined) return object;
  const filled = { maxSurge: rollingUpdate?.maxSurge ?? '25%', maxUnavailable: rollingUpdate?.maxUnavailable ?? '25%' };
  return { ...object, spec: { ...object.spec, strategy: { ...strategy, rollingUpdate: filled } } };
}

function withTemplate(object: Deployment): Deployment {
  const template = withTemplateDefaults(object.spec.template);
  return template === object.spec.template ? object : { ...object, spec: { ...object.spec, template } };
}

function eventOf(object: Deployment, old: Deployment) {
  const [from, to] = [old.spec.replicas ?? 1, object.spec.replicas ?? 1];
  if (from === to) return undefined;
  return { type: 'DeploymentScaled', facts: { from, to } };
}

function prepared(object: Deployment): Deployment {
  return { ...object, spec: { ...object.spec, template: templateWithoutDisabledFields(object.spec.template) } };
}

/** A change that leaves the wish as it was is not warned of again. */
function warnings(object: Deployment, old: Deployment | undefined): readonly string[] {
  if (old && object.metadata.generation === old.metadata.generation) return [];
  const spec = object.spec.template.spec;
  return [
    ...(old ? [] : nameWarnings(object.metadata.name, 'Pod names and hostnames')),
    ...(spec ? podSpecWarnings('spec.template.spec', spec) : []),
  ];
}
