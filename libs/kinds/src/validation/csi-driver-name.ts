import { byteLength, dns1123Subdomain, required, tooLong } from '#meta';
import { each, type Problems } from './checks.js';

const BYTES_MAX = 63;

/** Problems of the name of a CSI driver: a DNS subdomain, in which capitals are allowed, of at most 63 bytes. */
export function csiDriverName(field: string, name: string): Problems {
  if (name === '') return [required(field)];
  const long = byteLength(name) > BYTES_MAX ? [tooLong(field, BYTES_MAX)] : [];
  return [...long, ...each(field, name, dns1123Subdomain(name.toLowerCase()))];
}
