import { ageColumn, column, nameColumn } from '../../columns.js';
import type { Secret } from './schema.js';

export const secretColumns = [
  nameColumn,
  column<Secret>('Type', 'What kind of secret it is', (object) => object.type ?? ''),
  column<Secret>('Data', 'How many keys it holds', (object) => Object.keys(object.data ?? {}).length),
  ageColumn,
];
