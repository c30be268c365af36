import { createHash, X509Certificate } from 'node:crypto';
import type { Keys } from '#ports';

/** Certificate of the CA that signs now, in PEM: the first of those that are trusted. */
export function signingCa({ caCertificate }: Pick<Keys, 'caCertificate'>): string {
  return caCertificate.split(/(?<=-----END CERTIFICATE-----\n)/)[0] ?? '';
}

/** `sha256:` and the hash of a certificate's public key in hex, as kubeadm writes it. */
export function caHash(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
