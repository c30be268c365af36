import { kindRef, type ObjectIndex } from '#model';
import type { ApiService } from './schema.js';

export const apiServices = kindRef<ApiService>('apiregistration.k8s.io.apiservices');

/** APIServices by the key of their service, `default/web`. */
export const apiServicesByService: ObjectIndex<ApiService> = {
  name: 'APIServices by service',
  kind: apiServices,
  values: ({ spec: { service } }) => (service ? [`${service.namespace ?? ''}/${service.name ?? ''}`] : []),
  part: ({ spec }) => spec,
};
