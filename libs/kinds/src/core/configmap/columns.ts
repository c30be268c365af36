import { ageColumn, column, nameColumn } from '../../columns.js';
import type { ConfigMap } from './schema.js';

export const configMapColumns = [
  nameColumn,
  column<ConfigMap>(
    'Data',
    'How many keys it holds',
    (object) => Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length,
  ),
  ageColumn,
];
