export * from './assignments.js';
export * from './budgeted-bus.js';
export * from './heartbeats.js';
export * from './health.js';
export * from './joining.js';
export * from './merged-status.js';
export * from './node-leases.js';
export * from './serve-health.js';
