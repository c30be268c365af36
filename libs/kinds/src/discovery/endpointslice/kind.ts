import { standardKind } from '#model';
import { slicesByService } from './by-service.js';
import { endpointSliceColumns } from './columns.js';
import { endpointSlice, type EndpointSlice } from './schema.js';
import { endpointSliceStrategy } from './strategy.js';

/** Where a service's pods can be reached. */
export const endpointSliceKind = standardKind<EndpointSlice>({
  names: {
    group: 'discovery.k8s.io',
    version: 'v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    namespaced: true,
  },
  schema: endpointSlice,
  columns: endpointSliceColumns,
  indexes: [slicesByService],
  strategy: endpointSliceStrategy,
});
