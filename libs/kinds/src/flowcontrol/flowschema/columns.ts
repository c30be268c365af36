import { ageColumn, column, nameColumn } from '../../columns.js';
import type { FlowSchema } from './schema.js';

/** Condition of a schema whose priority level is not there. */
export const DANGLING = 'Dangling';

export const flowSchemaColumns = [
  nameColumn,
  column<FlowSchema>('PriorityLevel', 'Its priority level', ({ spec }) => spec.priorityLevelConfiguration.name),
  column<FlowSchema>(
    'MatchingPrecedence',
    'The lowest of the matching schemas counts',
    ({ spec }) => spec.matchingPrecedence ?? 0,
  ),
  column<FlowSchema>(
    'DistinguisherMethod',
    'What separates flows',
    ({ spec }) => spec.distinguisherMethod?.type ?? '<none>',
  ),
  ageColumn,
  column<FlowSchema>(
    'MissingPL',
    'Whether its priority level is missing',
    ({ status }) => status?.conditions?.find(({ type }) => type === DANGLING)?.status ?? '?',
  ),
];
