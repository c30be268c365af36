export { applyChange, diff, isNoChange, type Change as ObjectChange } from './change.js';
export * from './decide-command.js';
export * from './fold.js';
