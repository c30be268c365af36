export * from './checkers/checker.js';
export * from './checkers/watch-versions.js';
export { EventChecks } from './checkers/event-checks.js';
export * from './faults.js';
export * from './run.js';
export * from './seeds.js';
export * from './world.js';
