export * from './cluster.js';
export * from './workloads.js';
