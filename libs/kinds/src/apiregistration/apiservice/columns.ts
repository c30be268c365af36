import { findCondition } from '#meta';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { AVAILABLE } from './available.js';
import type { ApiService } from './schema.js';

export const apiServiceColumns = [
  nameColumn,
  column<ApiService>('Service', 'Service of the aggregated server', ({ spec: { service } }) =>
    service ? `${service.namespace ?? ''}/${service.name ?? ''}` : 'Local',
  ),
  column<ApiService>('Available', 'Whether requests are served', ({ status }) => {
    const condition = findCondition(status?.conditions, AVAILABLE);
    if (!condition) return 'Unknown';
    return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`;
  }),
  ageColumn,
];
