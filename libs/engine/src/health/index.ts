export * from './assignments.js';
export * from './health.js';
export * from './merged-status.js';
