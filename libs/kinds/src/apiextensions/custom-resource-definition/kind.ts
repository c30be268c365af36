import { standardKind, type KubeObject } from '#model';
import { column, nameColumn } from '../../columns.js';
import { definedKind } from './custom-kind/kind.js';
import { customResourceDefinition, type CustomResourceDefinition } from './schema.js';
import { definitionStrategy } from './strategy.js';

/** Defines a kind: as soon as its names are accepted, the kind is one of the view. */
export const customResourceDefinitionKind = standardKind<CustomResourceDefinition>({
  names: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    storageVersion: 'v1beta1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
  },
  schema: customResourceDefinition,
  columns: [
    nameColumn,
    column<CustomResourceDefinition>(
      'Created At',
      'When the definition was created',
      (object) => object.metadata.creationTimestamp ?? null,
      { type: 'date' },
    ),
  ],
  subresources: [{ name: 'status', kind: 'CustomResourceDefinition', verbs: ['get', 'patch', 'update'] }],
  defines: (definition: KubeObject) => definedKind(definition as CustomResourceDefinition),
  strategy: definitionStrategy,
});
