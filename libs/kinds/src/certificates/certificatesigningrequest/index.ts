export { CERTIFICATE_ISSUED } from './issue.js';
export * from './kind.js';
export * from './schema.js';
export * from './signers.js';
export * from './states.js';
