import { ageColumn, column, nameColumn } from '../../columns.js';
import type { PriorityClass } from './schema.js';

export const priorityClassColumns = [
  nameColumn,
  column<PriorityClass>('Value', 'Priority of its pods', ({ value }) => value, { type: 'integer' }),
  column<PriorityClass>('Global-Default', 'Whether it is the default', ({ globalDefault }) => globalDefault ?? false, {
    type: 'boolean',
  }),
  ageColumn,
  column<PriorityClass>(
    'PreemptionPolicy',
    'Whether its pods preempt others',
    ({ preemptionPolicy }) => preemptionPolicy ?? '',
  ),
];
