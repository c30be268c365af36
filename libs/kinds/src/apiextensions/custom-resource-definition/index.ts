export * from './schema.js';
export { CLEANUP_FINALIZER } from './strategy.js';
export * from './kind.js';
