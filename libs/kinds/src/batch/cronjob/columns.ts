import { ageColumn, column, nameColumn, since } from '../../columns.js';
import { templateColumns } from '../columns.js';
import type { CronJob } from './schema.js';

export const cronJobColumns = [
  nameColumn,
  column<CronJob>('Schedule', 'When jobs are made', ({ spec }) => spec.schedule),
  column<CronJob>('Timezone', 'Time zone of the schedule', ({ spec }) => spec.timeZone ?? '<none>'),
  column<CronJob>(
    'Suspend',
    'Whether no more jobs are made for now',
    ({ spec }) => (spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'),
    { type: 'boolean' },
  ),
  column<CronJob>('Active', 'How many jobs run', ({ status }) => status?.active?.length ?? 0, { type: 'integer' }),
  column<CronJob>('Last Schedule', 'How long ago a job was last made', ({ status }, now) =>
    status?.lastScheduleTime === undefined ? '<none>' : since(status.lastScheduleTime, now),
  ),
  ageColumn,
  ...templateColumns<CronJob>(({ spec }) => spec.jobTemplate.spec ?? { template: {} }),
];
