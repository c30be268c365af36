export * from './late-bus.js';
export * from './memory-bus.js';
export * from './nats-authority.js';
export * from './node-admission.js';
export { REVOKED_KEYS, revocations } from './revoked-keys.js';
export * from './nats-bus.js';
export * from './nats-config.js';
export * from './nats-server.js';
export * from './subject-match.js';
