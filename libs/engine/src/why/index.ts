export * from './object-history.js';
export * from './why.js';
