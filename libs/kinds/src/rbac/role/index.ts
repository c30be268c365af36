export * from './schema.js';
export * from './kind.js';
