export { MemoryDataplane } from './memory-dataplane.js';
export { NftablesDataplane, type NftablesOptions } from './nftables/nftables-dataplane.js';
export { UserspaceDataplane } from './userspace/userspace-dataplane.js';
export { HttpServiceHealth } from './http-service-health.js';
export { MemoryServiceHealth } from './memory-service-health.js';
