export { nextTime } from './next.js';
export { loadTimeZone, offsetMs } from './time-zones.js';
export { parseSchedule, type CronSchedule } from './parse.js';
