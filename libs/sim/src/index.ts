export * from './checkers/checker.js';
export * from './checkers/watch-versions.js';
export { EventChecks } from './checkers/event-checks.js';
export { linearizable, type Operation } from './checkers/linearizable.js';
export { register, type RegisterOperation } from './checkers/register.js';
export * from './faults.js';
export * from './run.js';
export * from './seeds.js';
export * from './world.js';
