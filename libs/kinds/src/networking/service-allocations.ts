import { canonicalIp } from '#meta';
import { kindRef, type ObjectIndex } from '#model';
import { nodePortsOf } from '../core/service/carry-over.js';
import type { Service } from '../core/service/schema.js';

/** What a service without an address has in its place. */
const HEADLESS = 'None';
const services = kindRef<Service>('core.services');

/** Services by the addresses and the node ports that they hold. */
export const servicesByAllocation: ObjectIndex<Service> = {
  name: 'services by address and node port',
  kind: services,
  values({ spec }: Partial<Service>) {
    if (!spec) return [];
    const ports = [...nodePortsOf(spec), ...(spec.healthCheckNodePort ? [spec.healthCheckNodePort] : [])];
    return [...(spec.clusterIPs ?? []).filter((ip) => ip !== HEADLESS).map(ipValue), ...ports.map(portValue)];
  },
  part: ({ spec }) => spec,
};
/** The value by which {@link servicesByAllocation} finds the service that holds an address, however either spells it. */
export function ipValue(ip: string): string {
  return canonicalValue(canonicalIp(ip));
}
/** {@link ipValue} of an address in its one text. */
export function canonicalValue(ip: string): string {
  return `ip/${ip}`;
}
export function portValue(port: number): string {
  return `port/${port}`;
}
