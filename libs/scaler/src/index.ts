export * from './listen.js';
export * from './load-measurements.js';
export * from './measured.js';
export * from './metric-cache.js';
export * from './scaler.js';
export * from './usage-store.js';
