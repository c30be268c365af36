import { kindRef } from '#model';
import type { NetworkPolicy } from './schema.js';

export const networkPolicies = kindRef<NetworkPolicy>('networking.k8s.io.networkpolicies');
export * from './schema.js';
