import type { KeyStore } from '../keys/key-store.js';

/** `revoked-keys/<public key>`: until when its credential would have been good, in seconds. */
export const REVOKED_KEYS = 'nodes/revoked-keys';

/**
 * Keys whose credentials count no more: what the server's account says. The server refuses what was issued until the second that
 * stands beside a key. That is the credential's end, not the time of the revocation: one that was issued by a clock that was ahead
 * has to go too, and a revoked key is used for no other.
 */
export function revocations(store: KeyStore): Readonly<Record<string, number>> {
  const keys = store.list(REVOKED_KEYS);
  return Object.fromEntries(
    keys.map((key) => [key, Number(store.read(`${REVOKED_KEYS}/${key}`)?.trim().split(' ')[0] ?? 0)]),
  );
}
