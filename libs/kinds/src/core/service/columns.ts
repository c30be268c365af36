import { ageColumn, column, nameColumn, WIDE } from '../../columns.js';
import type { Service } from './schema.js';

const NONE = '<none>';

export const serviceColumns = [
  nameColumn,
  column<Service>('Type', 'How it can be reached', (object) => object.spec.type ?? ''),
  column<Service>('Cluster-IP', 'Its address within the cluster', (object) => object.spec.clusterIP || NONE),
  column<Service>('External-IP', 'Its addresses outside the cluster', externalAddresses),
  column<Service>('Port(s)', 'Its ports, with the ports of nodes that lead to them', ports),
  ageColumn,
  column<Service>('Selector', 'Labels of the pods behind it', selector, WIDE),
];

function externalAddresses(object: Service): string {
  const { type, externalIPs = [], externalName } = object.spec;
  switch (type) {
    case 'ExternalName':
      return externalName ?? '';
    case 'LoadBalancer': {
      const balancer = loadBalancerAddresses(object);
      if (externalIPs.length > 0) return [...balancer, ...externalIPs].join(',');
      return balancer.length > 0 ? balancer.join(',') : '<pending>';
    }
    default:
      return externalIPs.length > 0 ? externalIPs.join(',') : NONE;
  }
}
function loadBalancerAddresses(object: Service): readonly string[] {
  const ingress = object.status?.loadBalancer?.ingress ?? [];
  const addresses = ingress.map((entry) => entry.ip || entry.hostname || '').filter((address) => address !== '');
  return [...new Set(addresses)].sort();
}
function ports(object: Service): string {
  const all = object.spec.ports ?? [];
  if (all.length === 0) return NONE;
  return all
    .map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`))
    .join(',');
}
function selector(object: Service): string {
  const pairs = Object.entries(object.spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(',');
}
