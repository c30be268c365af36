import { kindRef } from '#model';
import type { ServiceCidr } from './schema.js';

export const serviceCidrs = kindRef<ServiceCidr>('networking.k8s.io.servicecidrs');
export * from './schema.js';
