import { createPublicKey, verify } from 'node:crypto';

/** Bytes that somebody signed. */
export interface Signed {
  readonly bytes: Uint8Array;
  /** Object identifier of the algorithm. */
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

/** The hash of each algorithm, and the key that it is for. */
const ALGORITHMS: Readonly<Record<string, { readonly hash: string | null; readonly key: string }>> = {
  '1.2.840.113549.1.1.5': { hash: 'sha1', key: 'rsa' },
  '1.2.840.113549.1.1.11': { hash: 'sha256', key: 'rsa' },
  '1.2.840.113549.1.1.12': { hash: 'sha384', key: 'rsa' },
  '1.2.840.113549.1.1.13': { hash: 'sha512', key: 'rsa' },
  '1.2.840.10045.4.1': { hash: 'sha1', key: 'ec' },
  '1.2.840.10045.4.3.2': { hash: 'sha256', key: 'ec' },
  '1.2.840.10045.4.3.3': { hash: 'sha384', key: 'ec' },
  '1.2.840.10045.4.3.4': { hash: 'sha512', key: 'ec' },
  '1.3.101.112': { hash: null, key: 'ed25519' },
};

/** Whether the holder of this key (SubjectPublicKeyInfo in DER) signed it. A pure function: the same bytes, the same answer. */
export function isSignedBy(key: Uint8Array, { bytes, algorithm, signature }: Signed): boolean {
  const known = ALGORITHMS[algorithm];
  if (!known) return false;
  try {
    const publicKey = createPublicKey({
      key: key as Parameters<typeof verify>[1] & Buffer,
      format: 'der',
      type: 'spki',
    });
    return publicKey.asymmetricKeyType === known.key && verify(known.hash, bytes, publicKey, signature);
  } catch {
    return false;
  }
}
