import { kindRef } from '#model';
import type { Lease } from './schema.js';

export * from './schema.js';
export const leases = kindRef<Lease>('coordination.k8s.io.leases');
export * from './kind.js';
