export * from './given.js';
export * from './test-view.js';
