import { ageColumn, column, nameColumn } from '../../columns.js';
import type { PriorityLevelConfiguration } from './schema.js';

const NONE = '<none>';
const queues = ({ spec }: PriorityLevelConfiguration) => spec.limited?.limitResponse?.queuing;

export const priorityLevelColumns = [
  nameColumn,
  column<PriorityLevelConfiguration>('Type', 'Limited or Exempt', ({ spec }) => spec.type),
  column<PriorityLevelConfiguration>(
    'NominalConcurrencyShares',
    'Shares of the seats of the server',
    ({ spec }) => spec.limited?.nominalConcurrencyShares ?? NONE,
  ),
  column<PriorityLevelConfiguration>('Queues', 'Number of queues', (object) => queues(object)?.queues ?? NONE),
  column<PriorityLevelConfiguration>('HandSize', 'Queues of a flow', (object) => queues(object)?.handSize ?? NONE),
  column<PriorityLevelConfiguration>(
    'QueueLengthLimit',
    'Requests that may wait in a queue',
    (object) => queues(object)?.queueLengthLimit ?? NONE,
  ),
  ageColumn,
];
