// eslint-disable-next-line no-restricted-imports -- createHash is a function of its input and does no I/O.
import { createHash } from 'node:crypto';

// Taken once: in a context of its own (a test) a look at a global for each letter costs more than all the rest.
const { imul } = Math;

/** FNV-1a in 32 bits over the text's UTF-16 code units. */
export function fnv32(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = imul(hash, 0x01000193);
  }
  return mixed(hash);
}

/** FNV alone leaves near-by texts near each other. */
function mixed(hash: number): number {
  hash ^= hash >>> 16;
  hash = imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

/** 128 bits as 32 hex digits: {@link fnv32} from four seeds, in one pass over the text. Not for secrets. */
export function hash128(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  let c = 0x3c6ef372;
  let d = 0xa54ff53a;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = imul(a ^ unit, 0x01000193);
    b = imul(b ^ unit, 0x01000193);
    c = imul(c ^ unit, 0x01000193);
    d = imul(d ^ unit, 0x01000193);
  }
  return hex(a) + hex(b) + hex(c) + hex(d);
}
function hex(hash: number): string {
  return mixed(hash).toString(16).padStart(8, '0');
}

/** Namespace of Shiplog's UUIDs: c40bcbd3-0dea-4f4e-9a02-6e5f6d6c1b0f. */
const NAMESPACE = new Uint8Array([196, 11, 203, 211, 13, 234, 79, 78, 154, 2, 110, 95, 109, 108, 27, 15]);

/** Returns the UUID of version 5 (RFC 9562) for `text`: SHA-1, so no two texts of a client share one. */
export function uuidOf(text: string, namespace: Uint8Array = NAMESPACE): string {
  const h = createHash('sha1').update(namespace).update(text).digest('hex');
  const variant = ((parseInt(h[16] as string, 16) & 0x3) | 0x8).toString(16);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-5${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20, 32)}`;
}

const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

/** `length` letters of the alphabet that Kubernetes uses for generated names (no vowels, no 0, 1, 3). */
export function safeSuffix(text: string, length = 5): string {
  let out = '';
  for (let i = 0; i < length; i++) out += SAFE[fnv32(text, 0x811c9dc5 + i * 7919) % SAFE.length] as string;
  return out;
}
