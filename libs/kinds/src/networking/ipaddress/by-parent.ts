import { kindRef, type ObjectIndex } from '#model';
import type { IpAddressObject } from './schema.js';

export const ipAddresses = kindRef<IpAddressObject>('networking.k8s.io.ipaddresses');

/** Addresses by the service that holds them. */
export const addressesByParent: ObjectIndex<IpAddressObject> = {
  name: 'addresses by service',
  kind: ipAddresses,
  values: (object) => (isOfService(object) ? [serviceValue(object.spec.parentRef)] : []),
  part: ({ spec }) => spec,
};
export function isOfService({ spec }: IpAddressObject): boolean {
  return spec.parentRef.resource === 'services' && (spec.parentRef.group ?? '') === '';
}
/** The value by which {@link addressesByParent} finds addresses of a service. */
export function serviceValue({ namespace = '', name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
