export { eventLogName } from './event-log-name.js';
export * from './open-event-log.js';
export * from './memory/memory-event-log.js';
export * from './memory/memory-log-store.js';
export * from './sqlite/sqlite-event-log.js';
export * from './event-store-login.js';
export * from './restrict-event-store.js';
