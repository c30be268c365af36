import { standardKind } from '#model';
import { apiServiceColumns } from './columns.js';
import { apiServicesByService } from './refs.js';
import { apiService, type ApiService } from './schema.js';
import { apiServiceStrategy } from './strategy.js';

/** Registers a group version of the API: one that this server has itself, or one of an aggregated server. */
export const apiServiceKind = standardKind<ApiService>({
  names: {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    kind: 'APIService',
    plural: 'apiservices',
    categories: ['api-extensions'],
    namespaced: false,
  },
  schema: apiService,
  columns: apiServiceColumns,
  subresources: [{ name: 'status', kind: 'APIService', verbs: ['get', 'patch', 'update'] }],
  indexes: [apiServicesByService],
  // With a service of its own it leads to another server.
  enables: (object) => {
    const { group = '', version = '', service } = (object as ApiService).spec;
    return service ? undefined : { group, version };
  },
  strategy: apiServiceStrategy,
});
