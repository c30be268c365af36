export * from './node-sample.js';
export * from './metrics-query.js';
export * from './metric-question.js';
export * from './measurement-encoder.js';
export * from './measurement-decoder.js';
export { MEASURED_PODS_MAX, MEASUREMENT_BYTES_MAX } from './wire/frame.js';
export * from './node-document.js';
