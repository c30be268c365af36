import { ageColumn, column, nameColumn } from '../../columns.js';
import { items } from '../../validation/checks.js';
import type { Ingress } from './schema.js';

/** So many hosts are shown. */
const HOSTS_MAX = 3;

export const ingressColumns = [
  nameColumn,
  column<Ingress>('Class', 'Class of the ingress', ({ spec }) => spec.ingressClassName ?? '<none>'),
  column<Ingress>('Hosts', 'Hosts that it has rules for', hosts),
  column<Ingress>('Address', 'Addresses at which it is reached', addresses),
  column<Ingress>('Ports', 'Ports that it is served on', ({ spec }) => (items(spec.tls).length > 0 ? '80, 443' : '80')),
  ageColumn,
];

function hosts({ spec }: Ingress): string {
  const names = items(spec.rules).flatMap(({ host }) => (host ? [host] : []));
  if (names.length === 0) return '*';
  const shown = names.slice(0, HOSTS_MAX).join(',');
  const more = items(spec.rules).length - HOSTS_MAX;
  return names.length > HOSTS_MAX ? `${shown} + ${more} more...` : shown;
}
function addresses({ status }: Ingress): string {
  const all = items(status?.loadBalancer?.ingress).map(({ ip, hostname }) => ip || hostname || '');
  return [...new Set(all.filter((one) => one !== ''))].sort().join(',');
}
