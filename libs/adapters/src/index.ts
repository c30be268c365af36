export * from './event-log/index.js';
export * from './bus/index.js';
export * from './clock/index.js';
export * from './ids/index.js';
export * from './keys/index.js';
export * from './runtime/index.js';
export * from './pod-volumes/index.js';
export * from './prober/index.js';
