export * from './bus.js';
export * from './clock.js';
export * from './event-log.js';
export * from './ids.js';
export * from './keys.js';
