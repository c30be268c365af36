import type { KubeObject, Strategy } from '#model';
import type { PodTemplateSpec } from '#pod';
import { templateWithoutDisabledFields } from './disabled-fields.js';
import { withTemplateDefaults } from './pod-defaults.js';
import { nameWarnings } from './validation/name-warnings.js';
import { podWarnings } from './validation/warnings.js';

type Templated = KubeObject & { readonly spec: { readonly template?: PodTemplateSpec } };

/** What all kinds do alike that make pods of `spec.template`. */
export function templateRules<T extends Templated>(): Required<
  Pick<Strategy<T>, 'applyDefaults' | 'prepareCreate' | 'prepareUpdate' | 'warnings'>
> {
  const prepared = (object: T): T => withTemplate(object, templateWithoutDisabledFields);
  return {
    applyDefaults: (object) => withTemplate(object, withTemplateDefaults),
    prepareCreate: prepared,
    prepareUpdate: prepared,
    warnings: (object, old) => [
      ...(old ? [] : nameWarnings(object.metadata.name, 'Pod names and hostnames')),
      ...templateWarnings('spec.template', object.spec.template, object, old),
    ],
  };
}

/** A change that leaves the wish as it was is not warned of again. */
export function templateWarnings(
  path: string,
  template: PodTemplateSpec | undefined,
  object: KubeObject,
  old: KubeObject | undefined,
): readonly string[] {
  const isSame = old !== undefined && object.metadata.generation === old.metadata.generation;
  return template === undefined || isSame ? [] : podWarnings(path, template);
}

function withTemplate<T extends Templated>(object: T, change: (template: PodTemplateSpec) => PodTemplateSpec): T {
  const { template } = object.spec;
  const changed = template && change(template);
  if (changed === template) return object;
  return { ...object, spec: { ...object.spec, template: changed } };
}
