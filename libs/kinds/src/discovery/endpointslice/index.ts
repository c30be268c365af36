export * from './schema.js';
export * from './by-service.js';
export * from './kind.js';
