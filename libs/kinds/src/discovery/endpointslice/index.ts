import { kindRef } from '#model';
import type { EndpointSlice } from './schema.js';

export * from './schema.js';
export const endpointSlices = kindRef<EndpointSlice>('discovery.k8s.io.endpointslices');
export * from './kind.js';
