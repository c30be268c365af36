import { endpointSlices, type EndpointSlice, type Service } from '#kinds';
import type { ObjectIndex } from '#model';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const OWN = new Set([SERVICE_NAME, MANAGED_BY, HEADLESS]);

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

/** Labels of a slice: the service's, and those by which it is found. */
export function labelsOf({ metadata, spec }: Service): Readonly<Record<string, string>> {
  const taken = Object.entries(metadata.labels ?? {}).filter(([key]) => !OWN.has(key));
  return {
    ...Object.fromEntries(taken),
    [SERVICE_NAME]: metadata.name,
    [MANAGED_BY]: MANAGER,
    ...(isHeadless(spec) && { [HEADLESS]: '' }),
  };
}
/** Without an address of its own a service is only a name for its pods. */
export function isHeadless(spec: Service['spec']): boolean {
  return !spec.clusterIP || spec.clusterIP === 'None';
}
