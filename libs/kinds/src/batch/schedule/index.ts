export { nextTime } from './next.js';
export { parseSchedule, type CronSchedule } from './parse.js';
