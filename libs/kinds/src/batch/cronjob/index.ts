import { kindRef } from '#model';
import type { CronJob } from './schema.js';

export * from './schema.js';
export const cronJobs = kindRef<CronJob>('batch.cronjobs');
export * from './kind.js';
