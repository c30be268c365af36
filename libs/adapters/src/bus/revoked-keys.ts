import type { KeyStore } from '../keys/key-store.js';

/** `revoked-keys/<public key>`: since when, and until when its credential would have been good, in seconds. */
export const REVOKED_KEYS = 'nodes/revoked-keys';

/** Keys whose credentials count no more, with the second since when: what the server's account says. */
export function revocations(store: KeyStore): Readonly<Record<string, number>> {
  const keys = store.list(REVOKED_KEYS);
  return Object.fromEntries(
    keys.map((key) => [key, Number(store.read(`${REVOKED_KEYS}/${key}`)?.trim().split(' ')[1])]),
  );
}
