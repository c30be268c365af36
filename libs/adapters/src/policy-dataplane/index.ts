export { MemoryPolicies } from './memory-policies.js';
export { NftablesPolicies, type NftablesPoliciesOptions } from './nftables-policies.js';
