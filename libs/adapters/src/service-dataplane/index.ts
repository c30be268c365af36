export { MemoryDataplane } from './memory-dataplane.js';
export { NftablesDataplane, type NftablesOptions } from './nftables/nftables-dataplane.js';
export { UserspaceDataplane } from './userspace/userspace-dataplane.js';
