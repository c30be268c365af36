export * from './random-ids.js';
export * from './seeded-ids.js';
