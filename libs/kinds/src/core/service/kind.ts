import { dns1035Label } from '#meta';
import { standardKind, type KubeObject } from '#model';
import { servicesByAllocation } from '../../networking/service-allocations.js';
import { serviceColumns } from './columns.js';
import { service, type Service } from './schema.js';
import { serviceStrategy } from './strategy.js';

/** One lasting address for changing pods. */
export const serviceKind = standardKind<Service>({
  names: {
    group: '',
    version: 'v1',
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    namespaced: true,
  },
  schema: service,
  columns: serviceColumns,
  subresources: [
    { name: 'proxy', kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    { name: 'status', kind: 'Service', verbs: ['get', 'patch', 'update'] },
  ],
  fieldSelectors: [
    { field: 'spec.clusterIP', value: (object: KubeObject) => (object as Service).spec.clusterIP ?? '' },
    { field: 'spec.type', value: (object: KubeObject) => (object as Service).spec.type ?? '' },
  ],
  fieldSelectorError: 'label',
  indexes: [servicesByAllocation],
  strategy: { name: dns1035Label, ...serviceStrategy },
});
