export * from './kind.js';
export * from './schema.js';
