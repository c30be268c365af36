import { kindRef, type ObjectIndex } from '#model';
import type { EndpointSlice } from './schema.js';

export const endpointSlices = kindRef<EndpointSlice>('discovery.k8s.io.endpointslices');

/** Label of a slice: name of the service in its namespace. */
export const SERVICE_NAME = 'kubernetes.io/service-name';

/** Slices by the key of their service, `default/web`. */
export const slicesByService: ObjectIndex<EndpointSlice> = {
  name: 'endpoint slices by service',
  kind: endpointSlices,
  values({ metadata }) {
    const service = metadata.labels?.[SERVICE_NAME];
    return service === undefined ? [] : [`${metadata.namespace ?? ''}/${service}`];
  },
  part: ({ metadata }) => metadata.labels,
};
