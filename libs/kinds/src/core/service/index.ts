import { kindRef } from '#model';
import type { Service } from './schema.js';

export * from './schema.js';
export const services = kindRef<Service>('core.services');
export * from './kind.js';
export { ipValue, servicesByAllocation } from '../../networking/service-allocations.js';
