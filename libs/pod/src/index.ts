export * from './schema/index.js';
export * from './containers.js';
export * from './host-ports.js';
export * from './node-affinity.js';
export * from './phase.js';
export * from './qos.js';
export * from './requests.js';
export * from './together.js';
export { podClaims } from './token-claims.js';
