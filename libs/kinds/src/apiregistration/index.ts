export * from './apiservice/index.js';
export * from './groups.js';
export * from './priorities.js';
export * from './version-order.js';
