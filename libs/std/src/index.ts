export * from './assert.js';
export * from './hash.js';
export * from './instant.js';
export * from './json.js';
export * from './prng.js';
export * from './stable-json.js';
