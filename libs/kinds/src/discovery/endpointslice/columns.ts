import { ageColumn, column, nameColumn } from '../../columns.js';
import type { EndpointSlice } from './schema.js';

const UNSET = '<unset>';

export const endpointSliceColumns = [
  nameColumn,
  column<EndpointSlice>('AddressType', 'What its addresses are', (object) => object.addressType),
  column<EndpointSlice>('Ports', 'Ports of its endpoints', (object) =>
    few((object.ports ?? []).map((port) => (port.port === undefined ? '*' : String(port.port)))),
  ),
  column<EndpointSlice>('Endpoints', 'Addresses of its endpoints', (object) =>
    few((object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? [])),
  ),
  ageColumn,
];

function few(texts: readonly string[]): string {
  if (texts.length === 0) return UNSET;
  const shown = texts.slice(0, 3).join(',');
  return texts.length > 3 ? `${shown} + ${texts.length - 3} more...` : shown;
}
