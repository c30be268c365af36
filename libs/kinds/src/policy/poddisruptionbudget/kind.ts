import { pathSegment } from '#meta';
import { standardKind } from '#model';
import { podDisruptionBudgetColumns } from './columns.js';
import { decideCharge } from '../charge.js';
import { budgetsBySelector } from '../budgets-of-pod.js';
import { podDisruptionBudget, type PodDisruptionBudget } from './schema.js';
import { CHARGE } from './subresource.js';
import { validateBudget, validateBudgetStatus } from './validate.js';

/** Limits how many pods of a set are evicted at a time. */
export const podDisruptionBudgetKind = standardKind<PodDisruptionBudget>({
  names: {
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    namespaced: true,
  },
  schema: podDisruptionBudget,
  columns: podDisruptionBudgetColumns,
  indexes: [budgetsBySelector],
  // Charges are no part of the API: only the decision about an eviction makes them.
  subresources: [{ name: 'status', kind: 'PodDisruptionBudget', verbs: ['get', 'patch', 'update'] }],
  strategy: {
    generation: 'managed',
    name: pathSegment,
    unconditionalUpdate: false,
    validate: validateBudget,
    validateUpdate: validateBudget,
    validateStatus: validateBudgetStatus,
    subresources: { [CHARGE]: decideCharge },
  },
});
