import { ageColumn, column, nameColumn } from '../../columns.js';
import type { Lease } from './schema.js';

export const leaseColumns = [
  nameColumn,
  column<Lease>('Holder', 'Who holds it', (object) => object.spec.holderIdentity ?? ''),
  ageColumn,
];
