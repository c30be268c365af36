export { Aggregator, type AggregatorOptions } from './aggregator.js';
