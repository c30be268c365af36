export * from './assert.js';
export * from './go-json-error.js';
export * from './go-quote.js';
export * from './hash.js';
export * from './instant.js';
export * from './json.js';
export * from './prng.js';
export * from './stable-json.js';
