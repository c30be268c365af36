export { addressesByParent, ipAddresses, isOfService, serviceValue } from './by-parent.js';
export * from './schema.js';
