export * from './docker/index.js';
export * from './fake/index.js';
