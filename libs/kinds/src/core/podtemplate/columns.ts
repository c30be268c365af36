import { column, nameColumn } from '../../columns.js';
import type { PodTemplate } from './schema.js';

export const podTemplateColumns = [
  nameColumn,
  column<PodTemplate>('Containers', 'Names of the containers', (object) =>
    containers(object)
      .map(({ name }) => name)
      .join(','),
  ),
  column<PodTemplate>('Images', 'Images of the containers', (object) =>
    containers(object)
      .map(({ image }) => image ?? '')
      .join(','),
  ),
  column<PodTemplate>('Pod Labels', 'Labels of the pods', (object) => labelsText(object.template?.metadata?.labels)),
];

function containers(object: PodTemplate): readonly { readonly name: string; readonly image?: string }[] {
  return object.template?.spec?.containers ?? [];
}
function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}
