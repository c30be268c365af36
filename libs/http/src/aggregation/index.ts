export { MetricSource } from './metric-source.js';
export { Aggregator, type AggregatorOptions } from './aggregator.js';
