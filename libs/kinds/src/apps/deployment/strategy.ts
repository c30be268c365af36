import type { Strategy } from '#model';
import { jsonEquals } from '#std';
import { templateRules } from '../../pod-template/template-rules.js';
import type { Deployment } from './schema.js';
import { validateDeployment, validateDeploymentStatus, validateDeploymentUpdate } from './validate.js';

const template = templateRules<Deployment>();

export const deploymentRules: Strategy<Deployment> = {
  generation: 'managed',
  // Annotations are the wish of a user here: a change of them counts, labels do not.
  generationGrows: (object, old) =>
    !jsonEquals(object.spec, old.spec) ||
    !jsonEquals(object.metadata.annotations ?? {}, old.metadata.annotations ?? {}),
  ...template,
  applyDefaults: (object, context) => template.applyDefaults(withRollingUpdate(object), context),
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  validateStatus: validateDeploymentStatus,
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

function eventOf(object: Deployment, old: Deployment) {
  const [from, to] = [old.spec.replicas ?? 1, object.spec.replicas ?? 1];
  if (from === to) return undefined;
  return { type: 'DeploymentScaled', facts: { from, to } };
}
