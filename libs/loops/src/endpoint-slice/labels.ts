import { SERVICE_NAME, type Service } from '#kinds';

export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const OWN = new Set([SERVICE_NAME, MANAGED_BY, HEADLESS]);

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
