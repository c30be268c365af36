import { decode } from '@nats-io/jwt';
import { caHash } from '../keys/signing-ca.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Of these CAs (PEM) the ones with that hash, and so with the key that a machine knows its cluster by; empty when there is none. */
export function pinnedCas(cas: string, hash: string): string {
  const pinned = (cas.match(CERTIFICATE) ?? []).filter((one) => {
    try {
      return caHash(one) === hash;
    } catch {
      return false;
    }
  });
  return pinned.map((one) => `${one}\n`).join('');
}

/** The public key whose credential for the bus this is, by the signature of an account; undefined when it is none. */
export function userOfCredential(jwt: string): string | undefined {
  try {
    const { sub, iss, nats } = decode<{ readonly type?: unknown }>(jwt);
    return nats.type === 'user' && /^A/.test(iss) ? sub : undefined;
  } catch {
    return undefined;
  }
}
