export * from './schema.js';
export * from './by-resource.js';
