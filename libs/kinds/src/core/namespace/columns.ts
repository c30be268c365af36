import { ageColumn, column, nameColumn } from '../../columns.js';
import type { Namespace } from './schema.js';

export const namespaceColumns = [
  nameColumn,
  column<Namespace>(
    'Status',
    'Active, or Terminating once it is being deleted',
    (object) => object.status?.phase ?? '',
  ),
  ageColumn,
];
