import { ageColumn, column, nameColumn } from '../../columns.js';
import { items } from '../../validation/checks.js';
import type { Endpoints, EndpointSubset } from './schema.js';

const SHOWN_MAX = 3;

export const endpointsColumns = [
  nameColumn,
  column<Endpoints>('Endpoints', 'Addresses with their ports', (object) => few(items(object.subsets).flatMap(places))),
  ageColumn,
];

function places({ addresses, ports }: EndpointSubset): readonly string[] {
  const ips = items(addresses).map(({ ip }) => ip);
  if (items(ports).length === 0) return ips;
  return items(ports).flatMap(({ port }) => ips.map((ip) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)));
}

function few(texts: readonly string[]): string {
  if (texts.length === 0) return '<none>';
  const shown = texts.slice(0, SHOWN_MAX).join(',');
  return texts.length > SHOWN_MAX ? `${shown} + ${texts.length - SHOWN_MAX} more...` : shown;
}
