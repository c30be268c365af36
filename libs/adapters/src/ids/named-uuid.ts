import { hash } from 'node:crypto';

/** Namespace of Shiplog's named ids: a random UUID, made once for this project. */
const NAMESPACE = Buffer.from('8d3f0a5c0c0e4c3f9d0a6b1f5be7a2d4', 'hex');
const LEAD = NAMESPACE.length;

/** UUIDv5 of a text within Shiplog's namespace. */
export function namedUuid(text: string): string {
  const named = Buffer.allocUnsafe(LEAD + Buffer.byteLength(text));
  NAMESPACE.copy(named);
  named.write(text, LEAD);
  return dashed(hash('sha1', named), 5);
}

/** Sixteen bytes as a UUID of the given version (RFC 9562). */
export function formatUuid(bytes: Buffer, version: number): string {
  return dashed(bytes.toString('hex'), version);
}

const VARIANTS = '89ab';
function dashed(hex: string, version: number): string {
  const variant = VARIANTS[parseInt(hex.charAt(16), 16) & 3] as string;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
