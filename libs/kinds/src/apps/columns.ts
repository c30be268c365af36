import { selectorText } from '#meta';
import type { KubeObject, LabelSelector } from '#model';
import { column, WIDE } from '../columns.js';

export type Templated = KubeObject & {
  readonly spec: {
    readonly selector?: LabelSelector | null;
    readonly template: {
      readonly spec?: { readonly containers: readonly { readonly name: string; readonly image?: string }[] };
    };
  };
};

/** What `-o wide` adds for everything that has a pod template. */
export const templateColumns = [
  column<Templated>(
    'Containers',
    'Names of the containers',
    (object) =>
      containers(object)
        .map((c) => c.name)
        .join(','),
    WIDE,
  ),
  column<Templated>(
    'Images',
    'Images of the containers',
    (object) =>
      containers(object)
        .map((c) => c.image ?? '')
        .join(','),
    WIDE,
  ),
  column<Templated>('Selector', 'Which pods are its own', (object) => selectorText(object.spec.selector), WIDE),
];
function containers(object: Templated): readonly { readonly name: string; readonly image?: string }[] {
  return object.spec.template.spec?.containers ?? [];
}
