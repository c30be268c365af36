import { kindRef } from '#model';
import type { ServiceAccount } from './schema.js';

export * from './schema.js';
export const serviceAccounts = kindRef<ServiceAccount>('core.serviceaccounts');
export * from './kind.js';
