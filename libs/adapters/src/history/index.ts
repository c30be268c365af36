export * from './memory-history-index.js';
export * from './sqlite-history-index.js';
