export * from './console.js';
export * from './home.js';
