import { standardKind } from '#model';
import { configMapColumns } from './columns.js';
import { configMap, type ConfigMap } from './schema.js';
import { validateConfigMap, validateConfigMapUpdate } from './validate.js';

/** Settings that pods read: texts and bytes by key. */
export const configMapKind = standardKind<ConfigMap>({
  names: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'], namespaced: true },
  schema: configMap,
  columns: configMapColumns,
  strategy: { revalidatesMetadata: true, validate: validateConfigMap, validateUpdate: validateConfigMapUpdate },
});
