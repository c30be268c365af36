export { MACHINE } from './fabric.js';
export type { Host } from './host.js';
export { TestHosts, type TestHostsOptions } from './test-hosts.js';
