export * from './fake-meter.js';
export * from './node-file-trees.js';
export * from './node-kernel-files.js';
export * from './recorded-kernel-files.js';
export * from './process-metrics.js';
