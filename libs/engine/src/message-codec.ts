import type { Json } from '#std';

/** Encodes a message of the bus: JSON in UTF-8. */
export function encodeMessage(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
export function decodeMessage(bytes: Uint8Array): Json {
  return JSON.parse(new TextDecoder().decode(bytes)) as Json;
}
