import { standardKind } from '#model';
import { cronJobColumns } from './columns.js';
import { cronJob, type CronJob } from './schema.js';
import { cronJobStrategy } from './strategy.js';

/** Makes jobs at set times. */
export const cronJobKind = standardKind<CronJob>({
  names: {
    group: 'batch',
    version: 'v1',
    kind: 'CronJob',
    plural: 'cronjobs',
    shortNames: ['cj'],
    categories: ['all'],
    namespaced: true,
  },
  schema: cronJob,
  columns: cronJobColumns,
  subresources: [{ name: 'status', kind: 'CronJob', verbs: ['get', 'patch', 'update'] }],
  strategy: cronJobStrategy,
});
