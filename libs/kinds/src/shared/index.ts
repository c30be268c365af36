export * from './load-balancer.schema.js';
export * from './scale.schema.js';
export * from './token-request.schema.js';
export * from './eviction.schema.js';
export * from './binding.schema.js';
export * from './columns.js';
