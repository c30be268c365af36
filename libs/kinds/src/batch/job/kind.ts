import { standardKind } from '#model';
import { jobColumns } from './columns.js';
import { job, type Job } from './schema.js';
import { jobStrategy } from './strategy.js';

/** Runs pods until a number of them succeeds. */
export const jobKind = standardKind<Job>({
  names: {
    group: 'batch',
    version: 'v1',
    kind: 'Job',
    plural: 'jobs',
    categories: ['all'],
    namespaced: true,
  },
  schema: job,
  columns: jobColumns,
  subresources: [{ name: 'status', kind: 'Job', verbs: ['get', 'patch', 'update'] }],
  fieldSelectors: [{ field: 'status.successful', value: (object) => String((object as Job).status?.succeeded ?? 0) }],
  fieldSelectorError: 'kind',
  strategy: jobStrategy,
});
