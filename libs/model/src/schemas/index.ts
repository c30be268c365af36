export * from './meta.schema.js';
export * from './references.schema.js';
export * from './status.schema.js';
export * from './stored.js';
