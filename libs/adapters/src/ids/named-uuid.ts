import { hash } from 'node:crypto';

/** Namespace of Shiplog's named ids: a random UUID, made once for this project. */
const NAMESPACE = Buffer.from('8d3f0a5c0c0e4c3f9d0a6b1f5be7a2d4', 'hex');
const LEAD = NAMESPACE.length;

/** UUIDv5 of a text within Shiplog's namespace. */
export function namedUuid(text: string): string {
  const named = Buffer.allocUnsafe(LEAD + Buffer.byteLength(text));
  NAMESPACE.copy(named);
  named.write(text, LEAD);
  return formatUuid(hash('sha1', named, 'buffer').subarray(0, 16), 5);
}

/** Sixteen bytes as a UUID of the given version (RFC 9562). The bytes are changed. */
export function formatUuid(bytes: Buffer, version: number): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
