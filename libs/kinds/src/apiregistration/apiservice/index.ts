export * from './available.js';
export * from './kind.js';
export * from './refs.js';
export * from './schema.js';
