import { standardKind } from '#model';
import { jsonEquals } from '#std';
import { templateWithoutDisabledFields } from '../../pod-template/disabled-fields.js';
import { withTemplateDefaults } from '../../pod-template/pod-defaults.js';
import { templateWarnings } from '../../pod-template/template-rules.js';
import type { Problems } from '../../validation/checks.js';
import { validatePodTemplate } from '../../pod-template/validation/pod-template.js';
import { podTemplateColumns } from './columns.js';
import { podTemplate, type PodTemplate } from './schema.js';

/** A pod to make copies of, kept for whoever makes them. */
export const podTemplateKind = standardKind<PodTemplate>({
  names: { group: '', version: 'v1', kind: 'PodTemplate', plural: 'podtemplates', namespaced: true },
  schema: podTemplate,
  columns: podTemplateColumns,
  strategy: {
    generation: 'managed',
    generationGrows: (object, old) => !jsonEquals(object.template, old.template),
    answersDeletionWithObject: true,
    applyDefaults: (object) => withTemplate(object, withTemplateDefaults),
    prepareCreate: (object) => withTemplate(object, templateWithoutDisabledFields),
    prepareUpdate: (object) => withTemplate(object, templateWithoutDisabledFields),
    validate: (object) => validate(object),
    validateUpdate: (object, old) => validate(object, old),
    warnings: (object, old) => templateWarnings('template', object.template, object, old),
  },
});

function withTemplate(object: PodTemplate, change: typeof withTemplateDefaults): PodTemplate {
  if (!object.template) return object;
  const template = change(object.template);
  return template === object.template ? object : { ...object, template };
}

function validate(object: PodTemplate, old?: PodTemplate): Problems {
  return validatePodTemplate('template', object.template ?? {}, old?.template);
}
