import { ageColumn, column, nameColumn } from '../../columns.js';
import type { PodDisruptionBudget } from './schema.js';

export const podDisruptionBudgetColumns = [
  nameColumn,
  column<PodDisruptionBudget>('Min Available', 'Healthy pods that an eviction must leave', ({ spec }) =>
    String(spec.minAvailable ?? 'N/A'),
  ),
  column<PodDisruptionBudget>('Max Unavailable', 'Pods that may be unhealthy after an eviction', ({ spec }) =>
    String(spec.maxUnavailable ?? 'N/A'),
  ),
  column<PodDisruptionBudget>(
    'Allowed Disruptions',
    'Pods that may be evicted now',
    ({ status }) => status?.disruptionsAllowed ?? 0,
    { type: 'integer' },
  ),
  ageColumn,
];
