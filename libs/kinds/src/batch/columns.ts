import { selectorText } from '#meta';
import type { KubeObject, LabelSelector } from '#model';
import type { PodTemplateSpec } from '#pod';
import { column, WIDE } from '../columns.js';

interface Template {
  readonly selector?: LabelSelector | null;
  readonly template: PodTemplateSpec;
}

/** What `-o wide` adds for a job, and for what has a template of jobs. */
export function templateColumns<T extends KubeObject>(template: (object: T) => Template) {
  const each = (object: T, text: (container: { readonly name: string; readonly image?: string }) => string): string =>
    (template(object).template.spec?.containers ?? []).map(text).join(',');
  return [
    column<T>('Containers', 'Names of the containers', (object) => each(object, ({ name }) => name), WIDE),
    column<T>('Images', 'Images of the containers', (object) => each(object, ({ image = '' }) => image), WIDE),
    column<T>('Selector', 'Labels of the pods', (object) => selectorText(template(object).selector) || '<none>', WIDE),
  ];
}
