export * from './no-measurements.js';
