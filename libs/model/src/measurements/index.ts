export * from './node-sample.js';
export * from './metrics-query.js';
export * from './metric-question.js';
