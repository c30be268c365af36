import { kindRef } from '#model';
import type { Job } from './schema.js';

export * from './conditions.js';
export {
  CONTROLLER_UID_LABEL,
  JOB_NAME_LABEL,
  LEGACY_CONTROLLER_UID_LABEL,
  LEGACY_JOB_NAME_LABEL,
} from './generated-labels.js';
export { countIndexes, parseIndexes, type IndexInterval } from '../indexes.js';
export * from '../job-spec.schema.js';
export * from '../policies.schema.js';
export * from './schema.js';
export const jobs = kindRef<Job>('batch.jobs');
export * from './kind.js';
